"""Recovery without labels: a network learns from its original or from a larger one, or takes over its statistics."""

from edgeslim.steps.distillation.matching import MatchStatistics
from edgeslim.steps.distillation.original import DistilFromOriginal
from edgeslim.steps.distillation.teacher import DistilFromTeacher

__all__ = ["DistilFromOriginal", "DistilFromTeacher", "MatchStatistics"]
