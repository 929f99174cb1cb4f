"""All steps. Importing this module registers them; a new technique adds one line here."""

# Steps are listed and searched in the order of their registration, on which seeded searches depend.
# isort: off
from edgeslim.steps.base import STEPS, OnnxStep, Step, StepContext, TorchStep
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.recovery import DistilFromOriginal, DistilFromTeacher, FineTuning, MatchStatistics
from edgeslim.steps.low_rank import LowRank
from edgeslim.steps.pruning import (
    ChannelPruning,
    GradualPruning,
    MagnitudePruning,
    NOfMPruning,
    TaylorPruning,
)
from edgeslim.steps.quantization import (
    DynamicInt8,
    Float16,
    LowBitWeights,
    MixedLowBitWeights,
    QuantizationAwareTraining,
    RobustInt8,
    StaticInt8,
)

# isort: on

__all__ = [
    "STEPS",
    "ChannelPruning",
    "DistilFromOriginal",
    "DistilFromTeacher",
    "DynamicInt8",
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
    "QuantizationAwareTraining",
    "RobustInt8",
    "StaticInt8",
    "Step",
    "StepContext",
    "TaylorPruning",
    "TorchStep",
    "WeightClustering",
]
