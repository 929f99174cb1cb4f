"""Steps with small budgets, applied to small networks as the pipeline applies them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import torch

from edgeslim.artifacts.store import sha256_of
from edgeslim.errors import EdgeSlimError, InfeasibleError, RecipeError
from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes
from edgeslim.models.base import Model
from edgeslim.models.proof import run
from edgeslim.models.torch_graph import to_torch
from edgeslim.params import Param, parameters
from edgeslim.steps import OnnxStep, Step, StepContext, TorchStep
from example_networks import SIZE, RandomImages, make_onnx, make_spec
from said import said

BUDGETS = {"steps": 2, "images": 4, "batch": 4, "search_images": 1}
"""Of how thoroughly a step works: cut down, and never tried at their upper bound."""


@cache
def training_form(network: str) -> onnx.ModelProto:
    return make_onnx(network)


@cache
def float_form(network: str) -> onnx.ModelProto:
    return deployable(training_form(network))


def quick(cls: type[Step], **given: object) -> Step:
    names = {item.name for item in parameters(cls)}
    return cls(**{name: value for name, value in BUDGETS.items() if name in names} | given)


def bounds(item: Param) -> list[object]:
    """The values at the edges of what a parameter may be."""
    if item.choices is not None:
        return list(item.choices)
    if item.type is bool:
        return [False, True]
    if item.type is str:
        return ["x" * int(length) for length in (item.low, item.high) if length is not None]
    edges = [item.low] if item.name in BUDGETS else [item.low, item.high]
    return [item.type(edge) for edge in edges if edge is not None]


def context(network: str, path: Path) -> StepContext:
    """16 images with labels; where a step learns from another model, a network of the same kind."""
    images, spec = RandomImages(16), make_spec(network)
    teacher = Model("teacher", path, sha256_of(path), spec, "imported")
    return StepContext(spec=spec, original=path, calibration=images, train=images, teacher=teacher, seed=5)


def applied(
    step: Step, network: str, path: Path, before: onnx.ModelProto | None = None
) -> tuple[onnx.ModelProto, StepContext]:
    """What the step makes of a network, or of `before`; its input is checked to be as it was."""
    told = context(network, path)
    torch.manual_seed(told.seed)
    if isinstance(step, TorchStep):
        given = training_form(network) if before is None else before
        module = to_torch(given)
        state = copy.deepcopy(module.state_dict())
        result = step.apply(module, told)
        assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
        outputs = [item.name for item in given.graph.output]
        return export_training_form(result, (1, 3, SIZE, SIZE), "image", outputs), told
    assert isinstance(step, OnnxStep)
    given = float_form(network) if before is None else before
    content = to_bytes(given)
    after = step.apply(given, told)
    assert to_bytes(given) == content
    return after, told


def tried(
    step: Step, network: str, path: Path, before: onnx.ModelProto | None = None
) -> tuple[onnx.ModelProto, StepContext] | str:
    """As `applied`, where what is made must run and have the network's outputs; or the code of the step's refusal."""
    try:
        after, told = applied(step, network, path, before)
    except (RecipeError, InfeasibleError) as error:
        return code_of(error)
    check_runs(after, network)
    return after, told


def refusal(step: Step, network: str, path: Path, before: onnx.ModelProto | None = None) -> str | None:
    """The code of the error with which the step refuses, which must have a remedy; None if it does its work."""
    found = tried(step, network, path, before)
    return found if isinstance(found, str) else None


def code_of(error: EdgeSlimError) -> str:
    assert error.code
    assert said(error)
    return error.code


def final(model: onnx.ModelProto) -> onnx.ModelProto:
    """As it is shipped."""
    kept = any(node.op_type == "BatchNormalization" for node in model.graph.node)
    return shipped(deployable(model) if kept else model)


@cache
def expected(network: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """An image, and what the float network says of it."""
    image = np.random.default_rng(0).random((1, 3, SIZE, SIZE), np.float32)
    return image, run(to_bytes(float_form(network)), [image])[0]


def check_runs(model: onnx.ModelProto, network: str) -> None:
    image, outputs = expected(network)
    for left, right in zip(outputs, run(to_bytes(final(model)), [image])[0], strict=True):
        assert left.shape == right.shape
        assert np.isfinite(right).all()
