"""Quantization: numbers of fewer bits."""

from compression.steps.quantization.float16 import Float16
from compression.steps.quantization.static_int8 import StaticInt8

__all__ = ["Float16", "StaticInt8"]
