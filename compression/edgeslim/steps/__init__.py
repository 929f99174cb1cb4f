"""All steps. Importing this module registers them; a new technique adds one line here."""

from edgeslim.steps.base import STEPS, OnnxStep, Step, StepContext, TorchStep
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.distillation import DistilFromOriginal, DistilFromTeacher, MatchStatistics
from edgeslim.steps.fine_tuning import FineTuning
from edgeslim.steps.low_rank import LowRank
from edgeslim.steps.pruning import (
    ChannelPruning,
    GradualPruning,
    MagnitudePruning,
    NOfMPruning,
    TaylorPruning,
)
from edgeslim.steps.quantization import Float16, LowBitWeights, MixedLowBitWeights, StaticInt8

__all__ = [
    "STEPS",
    "ChannelPruning",
    "DistilFromOriginal",
    "DistilFromTeacher",
    "FineTuning",
    "Float16",
    "GradualPruning",
    "LowBitWeights",
    "LowRank",
    "MagnitudePruning",
    "MatchStatistics",
    "MixedLowBitWeights",
    "NOfMPruning",
    "OnnxStep",
    "StaticInt8",
    "Step",
    "StepContext",
    "TaylorPruning",
    "TorchStep",
    "WeightClustering",
]
