"""onnxruntime on the CPU. Every session of it is made here, with every option that can change a result set.

Integer sums are exact on every processor (see `saturates`).
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import ModelError, first_line
from edgeslim.sessions import Input, Tensor

if TYPE_CHECKING:
    import onnx
    import onnxruntime

EXACT_SUMS = "session.x64quantprecision"
"""Lets onnxruntime multiply int8 weights beyond 7 bits as unsigned ones, whose kernels do not saturate."""
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_DTYPES = {"float": "float32", "double": "float64"}


class OrtSession:
    """A session of an ONNX model (`edgeslim.sessions.Session`)."""

    def __init__(self, opened: onnxruntime.InferenceSession) -> None:
        self._opened = opened

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(
            Input(each.name, tuple(each.shape), _dtype(each.type)) for each in self._opened.get_inputs()
        )

    def run(self, tensor: Tensor, seconds: float | None = None) -> list[Tensor]:
        """All outputs for the first input, which is cast to the type that the model takes. Raises ModelError.

        With `seconds` it is broken off after so long: how often a loop runs may depend on the image.
        """
        image = self.inputs[0]
        return self.values({image.name: tensor.astype(image.dtype, copy=False)}, seconds=seconds)

    def values(
        self,
        feeds: Mapping[str, Tensor],
        names: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> list[Tensor]:
        """The named outputs (None: all) for inputs by name. Raises ModelError."""
        run = self._opened.run if seconds is None else partial(_run_for, seconds, self._opened)
        try:
            outputs: list[Tensor] = run(names, feeds)
        except _errors() as error:
            raise ModelError("not_runnable", reason=_reason(error)) from error
        return outputs


def _run_for(
    seconds: float,
    opened: onnxruntime.InferenceSession,
    names: Sequence[str] | None,
    feeds: Mapping[str, Tensor],
) -> list[Tensor]:
    """Run for so long at most. Raises RuntimeError then, and what onnxruntime raises."""
    import onnxruntime as ort

    options = ort.RunOptions()
    end = threading.Timer(seconds, setattr, (options, "terminate", True))
    end.start()
    try:
        outputs: list[Tensor] = opened.run(names, feeds, options)
    except _errors() as error:
        if options.terminate:
            raise RuntimeError(f"it takes longer than {seconds:g} seconds") from error
        raise
    finally:
        end.cancel()
    return outputs


def open_session(
    model: Path | bytes | onnx.ModelProto, threads: int = 1, *, optimized: bool = True, exact: bool = True
) -> OrtSession:
    """Load a model: operators one by one, each on `threads` threads that sleep when idle. Raises ModelError.

    All graph optimizations are on, as a user of the file has them, unless it is not to be `optimized`. Sums that need
    not be `exact` are what this processor makes of them by default. A file in onnxruntime's own format (`saved`) is
    loaded as it is: its optimizations are done, and integers are in it as it computes with them.
    """
    import onnxruntime as ort

    settings = _settings(threads, options() if exact else options() | {EXACT_SUMS: "0"})
    if not optimized:
        settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    exactly = settings.get_session_config_entry(EXACT_SUMS) == "1"
    with _loading(model):
        content = model if isinstance(model, bytes) else _content(model)
        own = content[4:8] == b"ORTM"
        return _open(_with_zero_points(content) if exactly and not own else content, settings)


def saved(model: Path) -> tuple[bytes, OrtSession]:
    """An ONNX file in onnxruntime's own format, and the session that was saved. Raises ModelError.

    It is optimized for processors of all kinds, as builds of onnxruntime for phones, which cannot optimize, need it.
    Nobody promises that saving again gives equal bytes.
    """
    import onnxruntime as ort

    settings = _settings(1, options() | {EXACT_SUMS: "0", "session.save_model_format": "ORT"})
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    with _loading(model), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.ort"
        settings.optimized_model_filepath = str(path)
        session = _open(model.read_bytes(), settings)
        return path.read_bytes(), session


def _settings(threads: int, entries: Mapping[str, str]) -> onnxruntime.SessionOptions:
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    settings.use_deterministic_compute = True
    settings.log_severity_level = 4
    for key, value in entries.items():
        settings.add_session_config_entry(key, value)
    return settings


@contextlib.contextmanager
def _loading(model: Path | bytes | onnx.ModelProto) -> Iterator[None]:
    """What goes wrong in it becomes a ModelError that names the model."""
    try:
        yield
    except _errors() as error:
        if isinstance(model, Path):
            raise ModelError("not_loadable", file=model.name, reason=_reason(error)) from error
        raise ModelError("not_loadable_here", reason=_reason(error)) from error


def options() -> dict[str, str]:
    """The configuration entries of every session, by key.

    `EXACT_SUMS` is on only where this processor needs it: elsewhere it changes no result, but gives up the kernels
    for signed weights, which can be faster.
    """
    return {"session.intra_op.allow_spinning": "0", EXACT_SUMS: "1" if saturates() else "0"}


@cache
def saturates() -> bool:
    """Whether this processor's kernels, as onnxruntime uses them by default, saturate sums of U8S8 products.

    Kernels for x86 without VNNI add pairs of products in 16 bits. Asked is the one thing that matters: 255 · 127 twice.
    """
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.full((4, 4), 127, np.int8), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        "products",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [4, 4])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1
    (sums,) = _open(model.SerializeToString(), settings).values({"x": np.full((4, 4), 255, np.uint8)})
    return bool((sums != 4 * 255 * 127).any())


def _open(content: bytes, settings: onnxruntime.SessionOptions) -> OrtSession:
    import onnxruntime as ort

    return OrtSession(ort.InferenceSession(content, settings, providers=["CPUExecutionProvider"]))


def _content(model: Path | onnx.ModelProto) -> bytes:
    return model.read_bytes() if isinstance(model, Path) else bytes(model.SerializeToString())


def _with_zero_points(content: bytes) -> bytes:
    """The model with the zero points that stored int8 weights leave out, computed from their scales.

    `EXACT_SUMS` makes the weights unsigned, and their zero point 128: where none is given, one number, which
    DequantizeLinear refuses beside a scale for each channel (onnxruntime 1.32). Only a session's copy is changed.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError:
        return content  # onnxruntime says better what is wrong
    weights = {item.name for item in model.graph.initializer if item.data_type == onnx.TensorProto.INT8}
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in weights and not any(node.input[2:]):
            scale, zero = node.input[1], f"{node.output[0]} zero point"
            nodes.append(onnx.helper.make_node("Sub", [scale, scale], [f"{zero} float"]))
            nodes.append(onnx.helper.make_node("Cast", [f"{zero} float"], [zero], to=onnx.TensorProto.INT8))
            node.input[:] = [*node.input[:2], zero]
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def _errors() -> tuple[type[Exception], ...]:
    """What loading or running a model may raise; onnxruntime's own exceptions have no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception)]
    return (*own, OSError, RuntimeError, ValueError, MemoryError)


def _reason(error: Exception) -> str:
    return _PREFIX.sub("", first_line(error))


def _dtype(name: str) -> np.dtype[np.generic]:
    """numpy type of an input, such as float32 for 'tensor(float)'."""
    inner = name.removeprefix("tensor(").removesuffix(")")
    return np.dtype(_DTYPES.get(inner, inner))
