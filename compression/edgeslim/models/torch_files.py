"""PyTorch's files → ONNX: weights of the networks that this project defines, and programs that somebody trusts.

Jobs of `models.confined`. Loading weights runs nothing; loading or running a program can.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from edgeslim.errors import ModelError, first_line
from edgeslim.models.base import default_labels
from edgeslim.models.other_formats import kind_of, refuse_other_formats
from edgeslim.models.sample_networks import (
    DIGIT_NETWORKS,
    LABELS,
    SIZES,
    StreetSignNetwork,
    digit_spec,
    street_sign_spec,
)
from edgeslim.models.torch_modules import module_as_onnx

_INSIDE = ("state_dict", "model_state_dict", "model")
"""Where checkpoints keep the weights."""
_CLASSES = "head8.classify.1.weight"
"""The weight of a street-sign network that has a row for each class."""
_BROKEN = (
    SafetensorError, pickle.UnpicklingError, RuntimeError, ValueError, TypeError, KeyError, EOFError, OSError,
    AttributeError,
)  # fmt: skip


def weights_as_onnx(content: bytes, file: str, given: Any) -> tuple[dict[str, Any], bytes]:
    """A state_dict or safetensors of one of our own networks. Raises ModelError, as without this, for any other."""
    state = _state(content)
    for make, spec in _candidates(state):
        with torch.device("meta"):
            shapes = {key: value.shape for key, value in make().state_dict().items()}
        if shapes != {key: value.shape for key, value in state.items()}:
            continue
        network = make()
        network.load_state_dict(state)
        made = module_as_onnx(network, torch.zeros(spec.input_shape), file)
        return {"hints": spec.to_json(), "proof": {**made.proof}}, made.content
    refuse_other_formats(content, file)
    raise AssertionError("weights are no ONNX")


def program_as_onnx(content: bytes, file: str, given: Any) -> tuple[dict[str, Any], bytes]:
    """A TorchScript or .pt2 program, which its owner trusts; `given`: (channels, height, width) of the first's images."""
    channels, height, width = given
    shape = [1, channels, height, width]
    module: nn.Module
    try:
        if kind_of(content) == "torchscript":
            module = torch.jit.load(io.BytesIO(content), map_location="cpu")  # type: ignore[no-untyped-call]
        else:
            program = torch.export.load(io.BytesIO(content))
            module = program.module()
            (example, *_), _ = program.example_inputs or ((torch.zeros(shape),), {})
            shape = list(example.shape)
    except _BROKEN as error:
        raise ModelError("torch_file", file=file, reason=first_line(error)) from error
    made = module_as_onnx(module, torch.zeros(shape), file)
    return {"hints": {}, "proof": {**made.proof}}, made.content


def _state(content: bytes) -> dict[str, Tensor]:
    """Names and tensors; none where the file holds anything else."""
    try:
        if kind_of(content) == "safetensors":
            return dict(safetensors.torch.load(content))
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except _BROKEN:
        return {}
    inner = next((found[key] for key in _INSIDE if key in found), found) if isinstance(found, Mapping) else {}
    tensors = isinstance(inner, Mapping) and all(isinstance(value, Tensor) for value in inner.values())
    return dict(inner) if tensors else {}


def _candidates(state: Mapping[str, Tensor]) -> list[tuple[Callable[[], nn.Module], Any]]:
    """Our networks that could have these weights, and their specifications."""
    if _CLASSES not in state:
        return [(make, digit_spec()) for make in DIGIT_NETWORKS.values()]
    classes = len(state[_CLASSES])
    labels = LABELS if classes == len(LABELS) else default_labels(classes)
    spec = street_sign_spec(labels)
    return [(lambda size=size: StreetSignNetwork(size, classes), spec) for size in SIZES.values()]  # type: ignore[misc]
