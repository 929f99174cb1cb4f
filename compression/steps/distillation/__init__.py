"""Recovery without labels: a network learns from its original or from a larger one, or takes over its statistics."""

from compression.steps.distillation.matching import MatchStatistics
from compression.steps.distillation.original import DistilFromOriginal
from compression.steps.distillation.teacher import DistilFromTeacher

__all__ = ["DistilFromOriginal", "DistilFromTeacher", "MatchStatistics"]
