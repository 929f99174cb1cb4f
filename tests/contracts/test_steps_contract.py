"""What every registered step owes: its input untouched, equal bytes twice, bounds survived, refusals with a remedy."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from example_networks import NETWORKS, SIZE, RandomImages, make_onnx, make_spec

from compression.artifacts.store import Store
from compression.errors import EdgeSlimError, InfeasibleError, RecipeError
from compression.export.onnx import deployable, export_training_form, shipped, to_bytes
from compression.models.importing import import_file
from compression.models.proof import run
from compression.models.torch_graph import to_torch
from compression.params import Param, parameters
from compression.recipe import Recipe
from compression.steps import STEPS, OnnxStep, Step, StepContext, TorchStep

QUICK = {"steps": 2, "images": 4, "batch": 4}
"""Budgets: cut down, and never tried at their upper bound."""
EFFECTS = {"file", "download", "memory", "latency", "accuracy"}


@cache
def training_form(network: str) -> onnx.ModelProto:
    return make_onnx(network)


@cache
def float_form(network: str) -> onnx.ModelProto:
    return deployable(training_form(network))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The uncompressed file of each network."""
    folder = tmp_path_factory.mktemp("originals")
    paths = {name: folder / f"{name}.onnx" for name in NETWORKS}
    for name, path in paths.items():
        path.write_bytes(to_bytes(training_form(name)))
    return paths


def quick(cls: type[Step], **given: object) -> Step:
    names = {item.name for item in parameters(cls)}
    return cls(**{name: value for name, value in QUICK.items() if name in names} | given)


def context(network: str, path: Path) -> StepContext:
    images = RandomImages(16)
    return StepContext(spec=make_spec(network), original=path, calibration=images, train=images, seed=5)


def applied(step: Step, network: str, path: Path) -> tuple[bytes, StepContext]:
    """The file after the step, made as the pipeline makes it, its input checked to be as it was."""
    told = context(network, path)
    torch.manual_seed(told.seed)
    if isinstance(step, TorchStep):
        module = to_torch(training_form(network))
        before = copy.deepcopy(module.state_dict())
        result = step.apply(module, told)
        assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
        outputs = [item.name for item in training_form(network).graph.output]
        return to_bytes(export_training_form(result, (1, 3, SIZE, SIZE), "image", outputs)), told
    assert isinstance(step, OnnxStep)
    model = float_form(network)
    given = to_bytes(model)
    after = step.apply(model, told)
    assert to_bytes(model) == given
    return to_bytes(after), told


def applied_or_refused(step: Step, network: str, path: Path) -> tuple[bytes, StepContext] | None:
    """None if the step refuses, which it must do with a code and a remedy."""
    refusal: EdgeSlimError
    try:
        return applied(step, network, path)
    except (RecipeError, InfeasibleError) as error:
        refusal = error
    assert refusal.code
    assert refusal.remedy
    return None


def check_runs(content: bytes, network: str) -> None:
    image = np.random.default_rng(0).random((1, 3, SIZE, SIZE), np.float32)
    expected = run(to_bytes(float_form(network)), [image])[0]
    model = onnx.load_from_string(content)
    folded = (
        deployable(model) if any(node.op_type == "BatchNormalization" for node in model.graph.node) else model
    )
    final = shipped(folded)
    for left, right in zip(expected, run(to_bytes(final), [image])[0], strict=True):
        assert left.shape == right.shape
        assert np.isfinite(right).all()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", STEPS.names())
def test_step_runs_leaves_its_input_alone_and_is_deterministic(
    name: str, network: str, original: dict[str, Path]
) -> None:
    step = quick(STEPS.get(name))
    first = applied_or_refused(step, network, original[network])
    if first is None:
        return
    content, told = first
    check_runs(content, network)
    json.dumps(told.info)
    torch.rand(7)
    np.random.default_rng().random(3)
    second = applied_or_refused(step, network, original[network])
    assert second is not None
    assert second[0] == content


@pytest.mark.parametrize("name", STEPS.names())
def test_step_runs_on_a_real_detector(name: str, tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "models" / "yolox_nano.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    model = import_file(path, None, Store(tmp_path))
    shape = model.spec.input_shape
    images = RandomImages(4)
    told = StepContext(spec=model.spec, original=model.path, calibration=images, train=images)
    step, given = quick(STEPS.get(name)), onnx.load(model.path)
    try:
        if isinstance(step, TorchStep):
            module = step.apply(to_torch(given), told)
            result = deployable(export_training_form(module, shape, "images", ["output"]))
        else:
            assert isinstance(step, OnnxStep)
            result = step.apply(deployable(given), told)
    except RecipeError as error:
        assert error.code == "family_without_loss"  # noqa: PT017
        return
    image = np.random.default_rng(0).random(shape, np.float32) * np.float32(255)
    (output,) = run(to_bytes(shipped(result)), [image])[0]
    assert output.shape == (1, 3549, 85)
    assert np.isfinite(output).all()


def bounds(item: Param) -> list[object]:
    """The values at the edges of what a parameter may be."""
    if item.choices is not None:
        return list(item.choices)
    if item.type is bool:
        return [False, True]
    edges = [item.low] if item.name in QUICK else [item.low, item.high]
    return [item.type(edge) for edge in edges if edge is not None]


EDGES = [
    pytest.param(cls, item.name, value, id=f"{cls.name}-{item.name}-{value}")
    for cls in STEPS
    for item in parameters(cls)
    for value in bounds(item)
]


@pytest.mark.parametrize(("cls", "parameter", "value"), EDGES)
def test_step_survives_the_bounds_of_its_parameters(
    cls: type[Step], parameter: str, value: object, original: dict[str, Path]
) -> None:
    step = quick(cls, **{parameter: value})
    result = applied_or_refused(step, "plain_cnn", original["plain_cnn"])
    if result is not None:
        check_runs(result[0], "plain_cnn")


@pytest.mark.parametrize("name", STEPS.names())
def test_step_goes_through_json_and_back(name: str) -> None:
    cls = STEPS.get(name)
    for item in (None, *parameters(cls)):
        for value in [None] if item is None else bounds(item):
            step = cls() if item is None else cls(**{item.name: value})
            recipe = Recipe((step,), seed=3)
            text = json.dumps(recipe.to_json())
            assert Recipe.from_json(json.loads(text)) == recipe


@pytest.mark.parametrize("name", STEPS.names())
def test_step_declares_what_forms_and_documents_need(name: str) -> None:
    cls = STEPS.get(name)
    told = cls.describe()
    assert told["summary"]
    assert told["source"]
    assert told["group"]
    assert set(told["changes"]) <= EFFECTS
    assert told["changes"]
    for item in parameters(cls):
        assert item.help, item.name
        assert item.choices or item.type is bool or (item.low is not None and item.high is not None), (
            item.name
        )
    assert cls().resolve().resolve() == cls().resolve()


@pytest.mark.parametrize("name", STEPS.names())
def test_values_outside_the_bounds_are_refused(name: str) -> None:
    cls = STEPS.get(name)
    for item in parameters(cls):
        if item.choices is not None:
            wrong: list[object] = ["no such choice"]
        elif item.type is bool:
            wrong = ["yes"]
        else:
            assert item.low is not None
            assert item.high is not None
            wrong = [item.type(item.low - 1), item.type(item.high + 1), "3"]
        for value in wrong:
            with pytest.raises(EdgeSlimError) as caught:
                cls(**{item.name: value})
            assert caught.value.values["parameter"] == item.name
