"""The smallest weights become zero, and only they."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgeslim.errors import RecipeError
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.pruning import MagnitudePruning
from edgeslim.steps.pruning.masks import lowest_out
from example_networks import make_onnx, make_spec


def context() -> StepContext:
    return StepContext(spec=make_spec(), original=Path("unused.onnx"))


def prune(sparsity: float, scope: str = "global") -> tuple[nn.Module, nn.Module, StepContext]:
    model, told = to_torch(make_onnx("plain_cnn")), context()
    return model, MagnitudePruning(sparsity=sparsity, scope=scope).apply(model, told), told


def test_global_pruning_drops_the_smallest_of_all_weights() -> None:
    model, pruned, told = prune(0.6)
    names = ["features.0.0.weight", "features.2.0.weight", "classify.weight"]
    before = torch.cat([model.get_parameter(name).flatten() for name in names])
    after = torch.cat([pruned.get_parameter(name).flatten() for name in names])
    gone = after == 0
    assert gone.sum() == round(0.6 * before.numel())
    assert before[gone].abs().max() <= before[~gone].abs().min()
    assert torch.equal(after[~gone], before[~gone])
    assert told.info["sparsity"] == pytest.approx(0.6, abs=1e-3)


def test_layer_scope_gives_every_layer_the_same_sparsity() -> None:
    _, _, told = prune(0.75, "layer")
    for layer in told.info["layers"]:
        assert layer["zeros"] == round(0.75 * layer["weights"])
    _, _, told = prune(0.75, "global")
    parts = [layer["zeros"] / layer["weights"] for layer in told.info["layers"]]
    assert max(parts) - min(parts) > 0.1


def test_biases_and_normalization_are_left_alone() -> None:
    model, pruned, _ = prune(0.99)
    for name, value in model.state_dict().items():
        if value.dim() < 2:
            assert torch.equal(pruned.state_dict()[name], value), name


def test_recurrent_weights_are_pruned_too() -> None:
    pruned = MagnitudePruning(sparsity=0.5).apply(to_torch(make_onnx("gru")), context())
    hidden = pruned.get_parameter("rows.weight_hh_l0")
    assert 0.2 < float((hidden == 0).float().mean()) < 0.8
    assert (pruned.get_parameter("rows.bias_hh_l0") != 0).all()


def test_zero_sparsity_changes_nothing() -> None:
    model, pruned, _ = prune(0.0)
    assert all(torch.equal(value, pruned.state_dict()[name]) for name, value in model.state_dict().items())


def test_ties_are_broken_by_place_so_that_the_count_is_exact() -> None:
    masks = lowest_out({"a": torch.ones(2, 3), "b": torch.ones(4)}, 0.5, "global")
    assert masks["a"].sum() == 1
    assert masks["b"].all()


def test_network_without_weights_is_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        MagnitudePruning().apply(nn.ReLU(), context())
    assert caught.value.code == "nothing_to_prune"


def test_largest_first_drops_what_smallest_first_keeps() -> None:
    model, smallest, _ = prune(0.5)
    largest = MagnitudePruning(sparsity=0.5, order="largest_first").apply(model, context())
    for name in ("features.0.0.weight", "features.2.0.weight", "classify.weight"):
        kept, dropped = smallest.get_parameter(name) != 0, largest.get_parameter(name) == 0
        assert torch.equal(kept, dropped), name


def test_random_order_follows_the_seed_and_not_the_size() -> None:
    model = to_torch(make_onnx("plain_cnn"))
    step = MagnitudePruning(sparsity=0.5, order="random")
    told = [StepContext(spec=make_spec(), original=Path("unused.onnx"), seed=seed) for seed in (1, 1, 2)]
    first, again, other = (step.apply(model, each).get_parameter("classify.weight") for each in told)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    before = model.get_parameter("classify.weight").detach().abs()
    assert float(before[first == 0].mean()) == pytest.approx(float(before[first != 0].mean()), rel=0.1)


def test_whole_filters_go_by_their_mean_magnitude() -> None:
    model, pruned, told = prune(0.4, "filter")
    for name in ("features.0.0.weight", "features.2.0.weight", "classify.weight"):
        rows = pruned.get_parameter(name).flatten(1)
        assert (((rows == 0).all(1)) | ((rows != 0).all(1))).all(), name
    weight, after = (each.get_parameter("features.2.0.weight").detach() for each in (model, pruned))
    means, gone = weight.abs().flatten(1).mean(1), (after == 0).flatten(1).all(1)
    assert 0 < int(gone.sum()) < len(gone)
    assert float(means[gone].max()) <= float(means[~gone].min())
    assert 0.3 < told.info["sparsity"] <= 0.4
