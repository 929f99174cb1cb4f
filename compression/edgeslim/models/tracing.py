"""Torch module → ONNX as torch writes it: opset 17, BatchNormalization kept."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import onnx

if TYPE_CHECKING:
    from torch import Tensor, nn

OPSET = 17


def exported(
    module: nn.Module, input_shape: Sequence[int], input_name: str, output_names: Sequence[str]
) -> onnx.ModelProto:
    """A network of one input, by torch's tracing exporter; for what that lacks by the dynamo one, ten times slower."""
    import torch
    from torch.onnx.errors import OnnxExporterError

    example = (torch.zeros(tuple(input_shape)),)
    try:
        return traced(
            module,
            example,
            [input_name],
            output_names,
            keep_initializers_as_inputs=True,  # else weights that happen to be equal are merged
        )
    except OnnxExporterError:
        return _by_dynamo(module, example, input_name, list(output_names))


def traced(
    module: nn.Module,
    example: tuple[Tensor, ...],
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    keep_initializers_as_inputs: bool = False,
) -> onnx.ModelProto:
    """By torch's tracing exporter, as it is and without its remarks. Raises OnnxExporterError."""
    import torch
    from torch.jit._trace import TracerWarning

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="You are using the legacy TorchScript-based ONNX export")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"torch\.onnx\.")
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torch\.onnx\.")
        warnings.filterwarnings("ignore", category=TracerWarning)
        warnings.filterwarnings("ignore", message="The tensor attributes")  # a GRU's, flattened
        with contextlib.redirect_stdout(io.StringIO()):  # the exporter prints a graph that it cannot export
            torch.onnx.export(
                module,
                example,
                buffer,  # type: ignore[arg-type]
                dynamo=False,
                opset_version=OPSET,
                training=torch.onnx.TrainingMode.PRESERVE,
                do_constant_folding=False,
                keep_initializers_as_inputs=keep_initializers_as_inputs,
                input_names=list(input_names),
                output_names=list(output_names),
            )
    return onnx.load_from_string(buffer.getvalue())


def _by_dynamo(
    module: nn.Module, example: tuple[Tensor], input_name: str, output_names: list[str]
) -> onnx.ModelProto:
    """Export with torch's dynamo exporter, unoptimised so that BatchNormalization stays (opset 18)."""
    import torch

    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, message=r".*LeafSpec")
            program = torch.onnx.export(
                module,
                example,
                dynamo=True,
                opset_version=OPSET + 1,
                optimize=False,
                verbose=False,
                input_names=[input_name],
                output_names=output_names,
            )
    finally:
        logger.setLevel(level)
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    return model
