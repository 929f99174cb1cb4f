"""Recovery without labels: the compressed network learns from the original one, on any images."""

from compression.steps.distillation.matching import MatchStatistics
from compression.steps.distillation.original import DistilFromOriginal

__all__ = ["DistilFromOriginal", "MatchStatistics"]
