"""Clustering: weights share a few values."""

from compression.steps.clustering.weight_clustering import WeightClustering

__all__ = ["WeightClustering"]
