"""Quantization: numbers of fewer bits."""

from compression.steps.quantization.dynamic_int8 import DynamicInt8
from compression.steps.quantization.float16 import Float16
from compression.steps.quantization.low_bit import LowBitWeights
from compression.steps.quantization.mixed_low_bit import MixedLowBitWeights
from compression.steps.quantization.quantization_aware import QuantizationAwareTraining
from compression.steps.quantization.robust_int8 import RobustInt8
from compression.steps.quantization.static_int8 import StaticInt8

__all__ = [
    "DynamicInt8",
    "Float16",
    "LowBitWeights",
    "MixedLowBitWeights",
    "QuantizationAwareTraining",
    "RobustInt8",
    "StaticInt8",
]
