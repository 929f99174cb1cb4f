"""All steps. Importing this module registers them; a new technique adds one line here."""

from compression.steps.base import STEPS, OnnxStep, Step, StepContext, TorchStep
from compression.steps.clustering import WeightClustering
from compression.steps.distillation import DistilFromOriginal, DistilFromTeacher, MatchStatistics
from compression.steps.fine_tuning import FineTuning
from compression.steps.low_rank import LowRank
from compression.steps.pruning import (
    ChannelPruning,
    GradualPruning,
    MagnitudePruning,
    NOfMPruning,
    TaylorPruning,
)
from compression.steps.quantization import Float16, LowBitWeights, MixedLowBitWeights, StaticInt8

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
