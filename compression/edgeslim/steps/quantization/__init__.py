"""Quantization: numbers of fewer bits."""

from edgeslim.steps.quantization.dynamic_int8 import DynamicInt8
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.steps.quantization.low_bit import LowBitWeights
from edgeslim.steps.quantization.mixed_low_bit import MixedLowBitWeights
from edgeslim.steps.quantization.other_file import OtherFile
from edgeslim.steps.quantization.quantization_aware import QuantizationAwareTraining
from edgeslim.steps.quantization.robust_int8 import RobustInt8
from edgeslim.steps.quantization.static_int8 import StaticInt8

__all__ = [
    "DynamicInt8",
    "Float16",
    "LowBitWeights",
    "MixedLowBitWeights",
    "OtherFile",
    "QuantizationAwareTraining",
    "RobustInt8",
    "StaticInt8",
]
