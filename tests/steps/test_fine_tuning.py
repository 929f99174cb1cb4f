"""Training on brings accuracy back and leaves zeros alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgeslim.errors import RecipeError
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.pruning import MagnitudePruning
from edgeslim.steps.recovery import FineTuning
from example_networks import RandomImages, make_onnx, make_spec
from said import said

IMAGES = RandomImages(64)


def context(train: RandomImages | None = IMAGES, seed: int = 0) -> StepContext:
    return StepContext(spec=make_spec(), original=Path("unused.onnx"), train=train, seed=seed)


def accuracy(module: nn.Module) -> float:
    with torch.no_grad():
        inputs = [torch.from_numpy(IMAGES.image(i).transpose(2, 0, 1)[None] / 255).float() for i in range(64)]
        hits = [int(module(x).argmax()) == IMAGES.target(i) for i, x in enumerate(inputs)]
    return sum(hits) / len(hits)


def test_training_raises_accuracy_and_keeps_zeros_at_zero() -> None:
    pruned = MagnitudePruning(sparsity=0.8).apply(to_torch(make_onnx("mlp")), context())
    told = context()
    tuned = FineTuning(steps=60, learning_rate=3e-3).apply(pruned, told)
    assert accuracy(tuned) > max(0.7, accuracy(pruned) + 0.2)
    zeros = pruned.get_parameter("hidden.weight") == 0
    assert (tuned.get_parameter("hidden.weight")[zeros] == 0).all()
    assert (tuned.get_parameter("hidden.weight")[~zeros] != 0).all()
    assert not tuned.training
    assert told.info["loss"] < 1.0


def test_no_steps_change_nothing() -> None:
    model = to_torch(make_onnx("plain_cnn"))
    tuned = FineTuning(steps=0).apply(model, context())
    assert all(torch.equal(value, tuned.state_dict()[name]) for name, value in model.state_dict().items())


def test_seed_decides_the_result() -> None:
    model = to_torch(make_onnx("plain_cnn"))
    step = FineTuning(steps=3, batch=4)
    first, again, other = (step.apply(model, context(seed=seed)).classify.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_missing_images_are_refused_with_a_remedy() -> None:
    with pytest.raises(RecipeError) as caught:
        FineTuning().apply(to_torch(make_onnx("mlp")), context(train=None))
    assert caught.value.code == "no_training_images"
    assert caught.value.values["step"] == "fine_tuning" and said(caught.value)
