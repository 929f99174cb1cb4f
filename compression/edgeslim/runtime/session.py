"""onnxruntime on the CPU, set up the same way wherever a model is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import ModelError
from edgeslim.metrics.graph import onnxruntime_errors

if TYPE_CHECKING:
    import onnxruntime as ort


def open_session(model: Path | bytes, threads: int = 1) -> ort.InferenceSession:
    """Load a model: operators one by one, each on `threads` threads that sleep when idle. Raises ModelError.

    All graph optimizations are on: what is measured is what a user of the file gets.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        source = model if isinstance(model, bytes) else model.read_bytes()
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except onnxruntime_errors() as error:
        name = "the model" if isinstance(model, bytes) else f"'{model.name}'"
        reason = _first_line(error)
        raise ModelError(
            "not_loadable",
            f"onnxruntime cannot load {name}: {reason}",
            "Check that the file is a complete ONNX model of operators that onnxruntime knows.",
            file="" if isinstance(model, bytes) else model.name,
            reason=reason,
        ) from error


def run(session: ort.InferenceSession, tensor: NDArray[Any]) -> list[NDArray[Any]]:
    """All outputs for one input tensor, which is cast to the type that the model takes. Raises ModelError."""
    entry = session.get_inputs()[0]
    try:
        outputs: list[NDArray[Any]] = session.run(
            None, {entry.name: tensor.astype(input_dtype(entry), copy=False)}
        )
    except onnxruntime_errors() as error:
        reason = _first_line(error)
        raise ModelError(
            "not_runnable",
            f"onnxruntime cannot run the model: {reason}",
            "Check the input size and colours in the model's specification.",
            reason=reason,
        ) from error
    return outputs


def input_shape(session: ort.InferenceSession) -> tuple[int, ...]:
    """Shape of the first input, an open batch as 1. Raises ModelError (unknown_shape) if more is open."""
    entry = session.get_inputs()[0]
    shape = [1 if axis == 0 and not isinstance(dim, int) else dim for axis, dim in enumerate(entry.shape)]
    if not all(isinstance(dim, int) and dim > 0 for dim in shape):
        raise ModelError(
            "unknown_shape",
            f"The size of the model's input '{entry.name}' is not fixed.",
            "Give the input size in the model's specification.",
            input=entry.name,
        )
    return tuple(shape)


def input_dtype(entry: ort.NodeArg) -> np.dtype[Any]:
    """numpy type of a session's input, such as float32 for 'tensor(float)'."""
    name = entry.type.removeprefix("tensor(").removesuffix(")")
    dtype: np.dtype[Any] = np.dtype({"float": "float32", "double": "float64"}.get(name, name))
    return dtype


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
