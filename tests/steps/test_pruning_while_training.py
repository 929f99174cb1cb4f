"""Sparsity rises along its schedule, stays where it is, and the right weights go."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgeslim.errors import RecipeError
from edgeslim.export.onnx import to_bytes
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.pruning import GradualPruning, MagnitudePruning
from edgeslim.steps.pruning.masks import lowest_out, n_of_m
from edgeslim.steps.pruning.rising_sparsity import PRUNINGS, RisingSparsity, is_due, sparsity_at
from example_networks import RandomImages, make_onnx, make_spec


def context(folder: Path, network: str = "mlp") -> StepContext:
    path, images = folder / "original.onnx", RandomImages(32)
    path.write_bytes(to_bytes(make_onnx(network)))
    return StepContext(spec=make_spec(network), original=path, calibration=images, train=images, seed=3)


def test_sparsity_rises_along_a_cubic_and_is_held() -> None:
    assert sparsity_at(0, 100, 0.8) == 0.0
    assert sparsity_at(50, 100, 0.8) == pytest.approx(0.8 * 7 / 8)
    assert sparsity_at(100, 100, 0.8) == sparsity_at(999, 100, 0.8) == pytest.approx(0.8)
    due = [step for step in range(1, 301) if is_due(step, 210)]
    assert due[-1] == 210
    assert PRUNINGS <= len(due) <= PRUNINGS + 2


def layer(*values: float) -> dict[str, nn.Parameter]:
    return {"weight": nn.Parameter(torch.tensor([values]))}


def test_what_is_zero_stays_zero_whatever_training_does() -> None:
    weights = layer(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    rising = RisingSparsity(weights, 0.5, 1, "magnitude", "global")
    for step in range(3):
        rising.before_update(step)
        with torch.no_grad():
            weights["weight"] += 1.0
        rising.after_update(step)
        assert (weights["weight"] == 0).flatten().tolist() == [True] * 4 + [False] * 4


def test_movement_takes_what_training_moves_towards_zero() -> None:
    weights = layer(5.0, 5.0, 0.1, 0.1)
    weights["weight"].grad = torch.tensor(
        [[1.0, -1.0, -1.0, 1.0]]
    )  # descent shrinks the first, grows the second …
    rising = RisingSparsity(weights, 0.5, 1, "movement", "global")
    rising.before_update(0)
    rising.after_update(0)
    assert (weights["weight"] == 0).flatten().tolist() == [True, False, False, True]


def test_movement_goes_by_magnitude_before_anything_has_moved() -> None:
    weights = layer(5.0, 0.1, 3.0, 0.2)
    rising = RisingSparsity(weights, 0.5, 1, "movement", "global")
    rising.before_update(0)
    rising.after_update(0)
    assert (weights["weight"] == 0).flatten().tolist() == [False, True, False, True]


@pytest.mark.parametrize("importance", ["magnitude", "movement", "taylor"])
@pytest.mark.parametrize("signal", ["outputs", "labels"])
def test_sparsity_is_reached_with_and_without_labels(importance: str, signal: str, tmp_path: Path) -> None:
    told = context(tmp_path)
    step = GradualPruning(sparsity=0.7, steps=12, importance=importance, signal=signal, batch=4)
    step.apply(to_torch(make_onnx("mlp")), told)
    assert told.info["sparsity"] == pytest.approx(0.7, abs=1e-3)


def test_pruning_on_the_way_comes_nearer_to_the_original_than_pruning_at_once(tmp_path: Path) -> None:
    name = "residual_concat_pyramid"
    model, told = to_torch(make_onnx(name)), context(tmp_path, name)
    gradual = GradualPruning(sparsity=0.8, steps=60).apply(model, told)
    at_once = MagnitudePruning(sparsity=0.8).apply(model, told)
    split = RandomImages(8, seed=9)
    images = torch.stack(
        [torch.from_numpy(split.image(i).transpose(2, 0, 1) / 255).float() for i in range(8)]
    )
    with torch.no_grad():
        wanted = model(images)[0]
        errors = [float((each(images)[0] - wanted).square().mean()) for each in (gradual, at_once)]
    assert errors[0] < 0.2 * errors[1]


def test_zeros_that_were_there_stay(tmp_path: Path) -> None:
    told = context(tmp_path)
    pruned = MagnitudePruning(sparsity=0.5).apply(to_torch(make_onnx("mlp")), told)
    zeros = pruned.get_parameter("second.weight") == 0
    after = GradualPruning(sparsity=0.6, steps=8).apply(pruned, told)
    assert (after.get_parameter("second.weight")[zeros] == 0).all()
    assert told.info["sparsity"] == pytest.approx(0.6, abs=1e-3)


def test_needs_follow_from_the_signal() -> None:
    assert GradualPruning().needs == {"calibration"}
    assert GradualPruning(signal="labels").needs == {"train", "loss"}


def test_training_that_breaks_down_is_refused(tmp_path: Path) -> None:
    told = context(tmp_path)
    model = to_torch(make_onnx("mlp"))
    with torch.no_grad():
        model.get_parameter("hidden.weight").fill_(float("nan"))
    with pytest.raises(RecipeError) as caught:
        GradualPruning(steps=4).apply(model, told)
    assert caught.value.code == "training_diverged"


def test_two_of_four_keeps_the_two_largest_and_the_rest_of_the_row() -> None:
    score = torch.tensor([[1.0, 4.0, 3.0, 2.0, 5.0, 5.0, 5.0, 6.0, 0.1]])
    assert n_of_m(score, 2, 4, 1).int().tolist() == [[0, 1, 1, 0, 1, 0, 0, 1, 1]]
    assert n_of_m(score.T, 2, 4, 0).int().flatten().tolist() == [0, 1, 1, 0, 1, 0, 0, 1, 1]


def test_filters_go_only_as_far_as_they_fit() -> None:
    scores = {"a": torch.ones(4, 2) * 0.1, "b": torch.ones(2, 10)}
    masks = lowest_out(scores, 0.25, "filter")
    assert int((~masks["a"]).sum()) == 6
    assert masks["b"].all()
