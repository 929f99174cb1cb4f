"""What the process that converts does: LiteRT's converter needs its own memory and half a minute, and may crash."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import onnx
import torch

from edgeslim.errors import ModelError, first_line
from edgeslim.export.tflite.network import to_network
from edgeslim.export.tflite.rewrite import rewritten
from edgeslim.models.confined import Limits, confined

LIMITS = Limits(seconds=900, memory=12 << 30)
"""Most of the memory is only reserved."""
_OPERATOR = re.compile(r"While executing %([a-z0-9_]+?)(?:_\d+)? |(?:aten|stablehlo|tfl)[.:]+(\w+)")
"""Its name in messages of torch and of the converter."""


def to_tflite(content: bytes, file: Path) -> bytes:
    """A .tflite file from the content of an ONNX file of ours; equal content, equal bytes.

    Raises ModelError: 'not_in_tflite' (with the operator's name), and for limits and crashes (models.confined).
    """
    return confined(convert, lambda _, made: made, content, file.name, None, LIMITS)


def convert(content: bytes, file: str, given: Any) -> tuple[dict[str, Any], bytes]:
    """`to_tflite` for another process: what is refused by an operator's name is refused before the converter loads."""
    model = onnx.load_model_from_string(content)
    try:
        network = to_network(model)
    except ModelError as error:
        values = error.values
        raise _refused(file, str(values.get("operator", "")), values.get("reason", error)) from error
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    try:
        made = _converted(network, torch.zeros(shape))
    except (RuntimeError, ValueError, TypeError, KeyError, NotImplementedError, AssertionError) as error:
        raise _refused(file, _operator(str(error)), first_line(error)) from error
    inputs, outputs = ([value.name for value in values] for values in (model.graph.input, model.graph.output))
    return {}, rewritten(made, inputs, outputs)


def _converted(network: torch.fx.GraphModule, example: torch.Tensor) -> bytes:
    import litert_torch
    from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
    from litert_torch.quantize.quant_config import QuantConfig

    static = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=False)
    config = QuantConfig(pt2e_quantizer=PT2EQuantizer().set_global(static))
    made: bytes = litert_torch.convert(network, (example,), quant_config=config).model_content()
    return made


def _operator(message: str) -> str:
    """The operator that a message names; empty if none."""
    found = _OPERATOR.search(message)
    return (found[1] or found[2]) if found else ""


def _refused(file: str, operator: str, reason: object) -> ModelError:
    cause = f"operator '{operator}', {reason}" if operator else reason
    return ModelError("not_in_tflite", file=file, operator=operator, reason=cause)
