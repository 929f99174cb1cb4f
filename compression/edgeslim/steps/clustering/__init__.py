"""Clustering: weights share a few values."""

from edgeslim.steps.clustering.weight_clustering import WeightClustering

__all__ = ["WeightClustering"]
