"""Low rank: layers replaced by two or three smaller ones whose product is close to them."""

from edgeslim.steps.low_rank.factorization import LowRank

__all__ = ["LowRank"]
