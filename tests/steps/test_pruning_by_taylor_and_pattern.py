"""Taylor importance finds the weights that outputs do not depend on; N:M leaves n of every m."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgeslim.errors import RecipeError
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.pruning import MagnitudePruning, NOfMPruning, TaylorPruning
from example_networks import RandomImages, make_onnx, make_spec


def context(network: str = "plain_cnn", labelled: bool = True) -> StepContext:
    images = RandomImages(24)
    return StepContext(
        spec=make_spec(network),
        original=Path("unused.onnx"),
        calibration=images,
        train=images if labelled else None,
    )


@pytest.mark.parametrize("signal", ["outputs", "labels"])
def test_large_weights_that_nothing_depends_on_go_first(signal: str) -> None:
    model = to_torch(make_onnx("mlp"))
    with torch.no_grad():
        model.get_parameter("second.weight")[:6] = 9.0
        model.get_parameter("classify.weight")[:, :6] = 0.0
    by_taylor = TaylorPruning(sparsity=0.25, scope="layer", signal=signal).apply(model, context("mlp"))
    assert (by_taylor.get_parameter("second.weight")[:6] == 0).all()
    by_size = MagnitudePruning(sparsity=0.25, scope="layer").apply(model, context("mlp"))
    assert (by_size.get_parameter("second.weight")[:6] == 9.0).all()


def test_outputs_change_less_than_by_magnitude() -> None:
    for name in ("plain_cnn", "residual_concat_pyramid", "depthwise_se"):
        model, image = to_torch(make_onnx(name)), torch.rand(1, 3, 16, 16)
        errors = []
        for step in (TaylorPruning(sparsity=0.6), MagnitudePruning(sparsity=0.6)):
            pruned = step.apply(model, context(name))
            with torch.no_grad():
                found, wanted = pruned(image), model(image)
            pairs = zip(found, wanted, strict=True) if isinstance(found, tuple) else [(found, wanted)]
            errors.append(sum(float((one - other).square().mean()) for one, other in pairs))
        assert errors[0] < 0.7 * errors[1], name


def test_labels_are_asked_for_only_where_they_are_used() -> None:
    model = to_torch(make_onnx("mlp"))
    assert TaylorPruning().needs == {"calibration"}
    assert TaylorPruning(signal="labels").needs == {"train", "loss"}
    TaylorPruning(images=2).apply(model, context("mlp", labelled=False))
    with pytest.raises(RecipeError) as caught:
        TaylorPruning(signal="labels").apply(model, context("mlp", labelled=False))
    assert caught.value.code == "no_training_images"


class Choice(nn.Module):
    """An output that has no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layer(image).mean((2, 3)).round()


def test_a_network_without_gradients_is_refused_with_a_remedy() -> None:
    class Blind(Choice):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return super().forward(image).detach()

    with pytest.raises(RecipeError) as caught:
        TaylorPruning().apply(Blind(), context())
    assert caught.value.code == "no_gradients"


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (4, 8)])
def test_each_group_of_inputs_keeps_its_largest(n: int, m: int) -> None:
    model, told = to_torch(make_onnx("plain_cnn")), context()
    pruned = NOfMPruning(n=n, m=m).apply(model, told)
    weight, after = (each.get_parameter("features.2.0.weight") for each in (model, pruned))
    groups, kept = (each.movedim(1, -1).reshape(-1, m) for each in (weight.abs(), after != 0))
    assert (kept.sum(1) == n).all()
    assert (groups.where(kept, torch.inf).amin(1) >= groups.where(~kept, 0.0).amax(1)).all()
    assert told.info["left_dense"] == ["features.0.0.weight"]


def test_depthwise_layers_stay_dense() -> None:
    told = context("depthwise_se")
    NOfMPruning().apply(to_torch(make_onnx("depthwise_se")), told)
    assert any("depthwise" in name for name in told.info["left_dense"])


@pytest.mark.parametrize(
    ("step", "code"),
    [(NOfMPruning(n=4, m=4), "n_of_m_keeps_all"), (NOfMPruning(n=1, m=32), "n_of_m_too_few_inputs")],
)
def test_patterns_that_cannot_be_are_refused(step: NOfMPruning, code: str) -> None:
    network = nn.Conv2d(3, 8, 3)
    with pytest.raises(RecipeError) as caught:
        step.apply(network, context())
    assert caught.value.code == code
