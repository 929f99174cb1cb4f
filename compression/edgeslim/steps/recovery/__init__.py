"""Recovery: steps that bring back accuracy lost to compression, by training or by matching statistics."""

# isort: off
from edgeslim.steps.recovery.match_statistics import MatchStatistics
from edgeslim.steps.recovery.distilling import DistilFromOriginal, DistilFromTeacher
from edgeslim.steps.recovery.fine_tuning import FineTuning
# isort: on

__all__ = ["DistilFromOriginal", "DistilFromTeacher", "FineTuning", "MatchStatistics"]
