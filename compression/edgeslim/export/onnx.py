"""Torch module → ONNX: the training form, which steps pass on, and the deployed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

import onnx

from edgeslim.errors import ModelError
from edgeslim.export import clean
from edgeslim.models.proof import is_finite, largest_errors, probes, run
from edgeslim.models.sanitize import sanitize
from edgeslim.models.tracing import exported

if TYPE_CHECKING:
    from torch import fx, nn

TOLERANCE = 1e-4
"""Largest allowed difference between the outputs of the two forms, relative to each output's largest value."""


def export_training_form(
    module: nn.Module, input_shape: Sequence[int], input_name: str, output_names: Sequence[str]
) -> onnx.ModelProto:
    """Export in eval mode: BatchNormalization kept, weights under their torch names, opset 17.

    The result can be imported again by `to_torch`. Equal weights give equal bytes.
    """
    model = exported(deepcopy(module).eval(), input_shape, input_name, output_names)
    return simplified(model)


def deployable(model: onnx.ModelProto) -> onnx.ModelProto:
    """The deployed form: BatchNormalization merged, constants folded, only what inference needs.

    Raises ModelError (code 'outputs_changed') if onnxruntime's outputs before and after differ by more than TOLERANCE.
    """
    result = simplified(model)
    clean.fold_batch_norm(result)
    clean.merge_pads(result)
    clean.drop_unused(result)
    clean.unsign_zeros(result)
    _check_equal(model, result)
    return result


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with constants folded, and without identities, unused parts and documentation."""
    result, _ = sanitize(model)
    clean.share_integers(result)
    return result


def shipped(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a deployable graph as written for users: inner names shortened, metadata removed."""
    result = deepcopy(model)
    clean.strip(result)
    clean.shorten_names(result)
    return result


def to_bytes(model: onnx.ModelProto) -> bytes:
    """The file's content, weights inside; equal models give equal bytes."""
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def deployed(module: fx.GraphModule, input_shape: Sequence[int]) -> onnx.ModelProto:
    """The deployable graph of a torch network, with generic names of its input and outputs."""
    output = next(node for node in module.graph.nodes if node.op == "output").args[0]
    names = [f"output{index}" for index in range(len(output) if isinstance(output, tuple | list) else 1)]
    return deployable(export_training_form(module, input_shape, "input", names))


def file_bytes(module: fx.GraphModule, input_shape: Sequence[int]) -> int:
    """Size in bytes of the float32 file to ship, measured by building it."""
    return len(to_bytes(shipped(deployed(module, input_shape))))


def max_relative_error(first: onnx.ModelProto, second: onnx.ModelProto) -> float:
    """Largest output difference on seeded inputs, relative to that output's largest value.

    Inputs for which the first model's outputs are not finite are ignored; NaN if none remains.
    """
    shape = tuple(size.dim_value for size in first.graph.input[0].type.tensor_type.shape.dim)
    inputs = probes(shape)
    pairs = zip(run(to_bytes(first), inputs), run(to_bytes(second), inputs), strict=True)
    errors = [largest_errors([left], [right])[1] for left, right in pairs if is_finite(left)]
    return max(errors, default=math.nan)


def _check_equal(before: onnx.ModelProto, after: onnx.ModelProto) -> None:
    error = max_relative_error(before, after)
    if not error <= TOLERANCE:
        raise ModelError("outputs_changed", error=f"{error:.2g}", tolerance=TOLERANCE)
