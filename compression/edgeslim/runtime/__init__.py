"""What runs files: runtimes and the formats they open, latency, and what was measured on."""

from edgeslim.runtime import mobile, ncnn, openvino, tflite  # noqa: F401 - they register themselves
from edgeslim.runtime.base import (
    FILE_FORMATS,
    MAIN,
    RUNTIMES,
    Runtime,
    check_runtimes,
    installed,
    runtime_environment,
)
from edgeslim.runtime.onnxruntime import ONNXRUNTIME

__all__ = [
    "FILE_FORMATS",
    "MAIN",
    "ONNXRUNTIME",
    "RUNTIMES",
    "Runtime",
    "check_runtimes",
    "installed",
    "runtime_environment",
]
