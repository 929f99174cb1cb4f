"""PyTorch modules → ONNX, with the right settings, and the largest difference of outputs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.onnx.errors import OnnxExporterError

from edgeslim.errors import ModelError, first_line
from edgeslim.models.conversion import Converted
from edgeslim.models.proof import MAX_RELATIVE_ERROR, largest_errors, probes, run
from edgeslim.models.spec import MAX_INPUT_SIDE
from edgeslim.models.tracing import exported

_FAILURES = (
    OnnxExporterError,
    RuntimeError,
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    NotImplementedError,
)


class _Flat(nn.Module):
    """The module with its outputs in one row: exporters know neither mappings nor nested lists."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(_tensors(self.module(image)))


def module_as_onnx(module: nn.Module, example: Tensor, name: str) -> Converted:
    """Exported in eval mode at the example's size, BatchNormalization kept; the module stays as it is.

    `translation_error` of the proof is relative to the largest output.

    Raises ModelError: torch_input, torch_export, torch_differs.
    """
    shape = tuple(int(side) for side in example.shape)
    if len(shape) != 4 or shape[0] != 1 or shape[1] not in (1, 3) or max(shape) > MAX_INPUT_SIDE:
        raise ModelError("torch_input", name=name, shape=shape)
    # A script is exported as it is: tracing does not look into what is called from outside.
    flat = module.eval() if isinstance(module, torch.jit.ScriptModule) else _Flat(_evaluating(module))
    inputs = probes(shape)
    try:
        with torch.no_grad():
            expected = [
                [each.numpy() for each in _tensors(flat(torch.from_numpy(image)))] for image in inputs
            ]
        names = [f"output{index}" for index in range(len(expected[0]))]
        content: bytes = exported(flat, shape, "image", names).SerializeToString(deterministic=True)
    except _FAILURES as error:
        raise ModelError("torch_export", name=name, reason=first_line(error)) from error
    _, relative = largest_errors(expected, run(content, inputs))
    if not relative <= MAX_RELATIVE_ERROR:
        raise ModelError("torch_differs", name=name, error=f"{relative:.1e}")
    return Converted(content, {}, {"translated_from": "pytorch", "translation_error": relative})


def _evaluating(module: nn.Module) -> nn.Module:
    """A copy in float32 on the CPU. A program of torch.export has one mode, and refuses to be told."""
    copy = deepcopy(module).cpu().float()
    with contextlib.suppress(NotImplementedError):
        copy.eval()
    return copy


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [each for inner in value for each in _tensors(inner)]
    raise TypeError(f"an output is no tensor but {type(value).__name__}")
