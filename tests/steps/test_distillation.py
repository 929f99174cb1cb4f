"""distil_from_original: a compressed network learns from the original without labels, and is never made worse."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, fx, nn

import example_networks as examples
from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.errors import RecipeError
from edgeslim.export.onnx import export_training_form, to_bytes
from edgeslim.models.base import ModelSpec
from edgeslim.models.library import open_model
from edgeslim.models.torch_graph import to_torch
from edgeslim.recipe import Recipe
from edgeslim.steps import StepContext
from edgeslim.steps.distillation.distil import divided
from edgeslim.steps.pruning import ChannelPruning, MagnitudePruning
from edgeslim.steps.recovery import DistilFromOriginal
from edgeslim.steps.torch_network.running import Images
from edgeslim.steps.torch_network.units import units_of

NETWORKS = [name for name in examples.NETWORKS if name != "gru"]


class Unlabelled(examples.RandomImages):
    """A split nothing is known about."""

    def __init__(self, count: int = 15) -> None:
        super().__init__(count)

    def target(self, index: int) -> None:
        return None


def damaged(tmp_path: Path, name: str, sparsity: float = 0.6) -> tuple[fx.GraphModule, StepContext]:
    path = tmp_path / f"{name}.onnx"
    onnx.save(examples.make_onnx(name), path)
    context = StepContext(spec=examples.make_spec(), original=path, calibration=Unlabelled(), seed=3)
    pruned = MagnitudePruning(sparsity=sparsity).apply(to_torch(onnx.load(path)), context)
    assert isinstance(pruned, fx.GraphModule)
    return pruned, context


def equal(one: nn.Module, other: nn.Module) -> bool:
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_pruned_digits_agree_again_without_labels(tmp_path: Path) -> None:
    store = Store(tmp_path)
    model, digits = open_model("digits-cnn", store), open_dataset("digits", store)
    validation = digits.split("validation")
    pixels = np.stack([validation.image(index)[:, :, :1] for index in range(len(validation))])
    images = torch.from_numpy(pixels.transpose(0, 3, 1, 2) / 255).float()
    original = to_torch(onnx.load(model.path))
    context = StepContext(
        spec=model.spec, original=model.path, calibration=digits.split("calibration"), seed=0
    )
    pruned = MagnitudePruning(sparsity=0.8).apply(original, context)

    def agreement(module: nn.Module) -> float:
        with torch.no_grad():
            return float((module(images).argmax(1) == original(images).argmax(1)).float().mean())

    before = agreement(pruned)
    result = DistilFromOriginal(trainable="all", steps=60).apply(pruned, context)
    assert before < 0.75 and agreement(result) > 0.93
    assert context.info["loss"] == "soft_targets" and context.info["improved"]
    assert context.info["held_out_loss"] < 0.3 * context.info["held_out_loss_before"]
    assert (context.info["images"], context.info["held_out_images"]) == (102, 26)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("trainable", ["scales_and_biases", "all", "last"])
def test_every_network_gets_nearer_and_keeps_its_zeros(tmp_path: Path, name: str, trainable: str) -> None:
    pruned, context = damaged(tmp_path, name)
    start = copy.deepcopy(pruned)
    result = DistilFromOriginal(trainable=trainable, steps=30, learning_rate=2e-3).apply(pruned, context)
    assert equal(pruned, start), "the input must stay as it was"
    assert context.info["improved"]
    assert context.info["held_out_loss"] < 0.7 * context.info["held_out_loss_before"]
    for key, value in start.state_dict().items():
        if value.dim() > 1:
            assert torch.equal(result.state_dict()[key] == 0, value == 0)
    assert all(parameter.requires_grad for parameter in result.parameters())


def test_recurrent_network_learns_too(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "gru", 0.3)
    DistilFromOriginal(trainable="all", steps=20).apply(pruned, context)
    assert context.info["improved"]


def test_scales_only_multiply_each_output_channel(tmp_path: Path) -> None:
    """Codes of a codebook or grid stay: within a channel all weights change by one factor."""
    pruned, context = damaged(tmp_path, "mlp")
    result = DistilFromOriginal(steps=20, learning_rate=0.02).apply(pruned, context)
    assert isinstance(result, fx.GraphModule)
    moved = 0
    for before, after in zip(units_of(pruned), units_of(result), strict=True):
        weight, scaled = before.layer.weight.detach(), after.layer.weight.detach()
        for own, new in zip(weight, scaled, strict=True):
            factors = (new / own)[own != 0]
            assert factors.numel() == 0 or float(factors.max() - factors.min()) < 1e-5
            moved += bool(factors.numel() and abs(float(factors[0]) - 1) > 1e-3)
    assert moved > 20


def test_scales_are_those_of_batch_norm_where_there_is_one(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "plain_cnn")
    before = pruned.state_dict()
    after = DistilFromOriginal(steps=10).apply(pruned, context).state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    norms = {f"features.{place}.1.{leaf}" for place in (0, 2) for leaf in ("weight", "bias")}
    assert changed == norms | {"classify.weight", "classify.bias"}
    assert context.info["trained_parameters"] == 2 * (16 + 32) + 2 * examples.CLASSES


def test_last_changes_only_what_feeds_the_outputs(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "residual_concat_pyramid")
    before = pruned.state_dict()
    after = DistilFromOriginal(trainable="last", steps=10).apply(pruned, context).state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"small", "large"}


def test_equal_seeds_give_equal_weights_and_others_do_not(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "residual_concat_pyramid")
    step = DistilFromOriginal(trainable="all", features="hints", steps=15)
    first, second = step.apply(pruned, context), step.apply(pruned, context)
    other = step.apply(pruned, dataclasses.replace(context, seed=4))
    assert equal(first, second) and not equal(first, other)


def test_start_comes_back_when_nothing_got_better(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "plain_cnn", sparsity=0.0)
    step = DistilFromOriginal(trainable="all", learning_rate=0.1, steps=40, patience=2)
    result = step.apply(pruned, context)
    info = context.info
    assert equal(result, pruned)
    assert not info["improved"] and info["best_step"] == 0 and info["stopped"] == "patience"
    assert info["steps"] == 8 and info["held_out_loss"] == info["held_out_loss_before"]


def test_no_steps_change_nothing(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "mlp")
    result = DistilFromOriginal(steps=0).apply(pruned, context)
    assert equal(result, pruned) and result is not pruned


def test_hints_reach_pruned_layers_too_and_attention_needs_maps(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "depthwise_se", sparsity=0.1)
    small = ChannelPruning(ratio=0.4, scope="uniform", round_to=1).apply(pruned, context)
    DistilFromOriginal(features="hints", steps=2).apply(small, context)
    assert {"stem.1", "depthwise.1", "classify"} <= set(context.info["feature_layers"])
    DistilFromOriginal(features="attention", steps=2).apply(small, context)
    assert "stem.1" in context.info["feature_layers"]
    assert "classify" not in context.info["feature_layers"]


def test_comparisons_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "mlp")
    with pytest.raises(RecipeError) as found:
        DistilFromOriginal(features="attention", steps=2).apply(pruned, context)
    assert found.value.code == "no_common_layers"
    with pytest.raises(RecipeError) as found:
        DistilFromOriginal(features="foreground").check(context.spec, None)
    assert found.value.code == "no_foreground"
    pyramid, told = damaged(tmp_path, "residual_concat_pyramid")
    unknown = dataclasses.replace(told, spec=examples.make_spec("residual_concat_pyramid"))
    with pytest.raises(RecipeError) as found:
        DistilFromOriginal(features="foreground", steps=2).apply(pyramid, unknown)
    assert found.value.code == "no_boxes_decoded"


def test_labels_are_mixed_in_where_there_is_a_loss(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "plain_cnn")
    step = DistilFromOriginal(label_weight=1.0, steps=10, trainable="all")
    assert step.needs == {"calibration", "train", "loss"} and DistilFromOriginal().needs == {"calibration"}
    assert DistilFromOriginal.describe().needs == ("calibration",)
    with pytest.raises(RecipeError) as missing:
        step.apply(pruned, context)
    assert missing.value.code == "no_training_images"
    labelled = dataclasses.replace(context, train=examples.RandomImages(16, seed=1))
    mixed = step.apply(pruned, labelled)
    assert context.info["images"] == 12 + 16
    alone = DistilFromOriginal(steps=10, trainable="all").apply(pruned, labelled)
    assert not equal(mixed, alone)
    strange = dataclasses.replace(
        labelled, spec=dataclasses.replace(context.spec, task="detection", family="unknown")
    )
    with pytest.raises(RecipeError) as lossless:
        step.apply(pruned, strange)
    assert lossless.value.code == "family_without_loss"


def test_images_are_required(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "mlp")
    with pytest.raises(RecipeError) as found:
        DistilFromOriginal().apply(pruned, dataclasses.replace(context, calibration=None))
    assert found.value.code == "no_calibration_images"
    assert "labels are not needed" in str(found.value)


def test_images_are_divided_without_overlap() -> None:
    learned, held_out = divided(50, 40)
    assert len(held_out) == 8 and max(held_out) < 40 and not set(learned) & set(held_out)
    assert sorted(learned + held_out) == list(range(50))
    assert divided(1, 1) == ([0], [0]) and divided(2, 2) == ([1], [0])
    assert len(divided(2000, 1000)[1]) == 64


class TinyDetector(nn.Module):
    """One level of an FCOS head at stride 4."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(examples.conv_bn(3, 12, stride=2), examples.conv_bn(12, 16, stride=2))
        self.classify, self.locate = nn.Conv2d(16, 3, 1), nn.Conv2d(16, 4, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(image)
        return self.classify(x), self.locate(x)


@pytest.mark.parametrize(("family", "loss"), [("fcos", "heads"), ("unknown", "outputs")])
def test_detectors_learn_with_and_without_a_known_family(tmp_path: Path, family: str, loss: str) -> None:
    """Each output gets nearer on images that were never seen."""
    torch.manual_seed(0)
    path, side = tmp_path / "tiny.onnx", examples.SIZE
    network = TinyDetector().eval()
    onnx.save(export_training_form(network, (1, 3, side, side), "image", ["scores", "boxes"]), path)
    spec = ModelSpec(
        family=family,
        input_width=side,
        input_height=side,
        scale=1 / 255,
        strides=(4,),
        labels=("a", "b", "c"),
    )
    context = StepContext(spec=spec, original=path, calibration=Unlabelled(60))
    pruned = MagnitudePruning(sparsity=0.5).apply(to_torch(onnx.load(path)), context)
    result = DistilFromOriginal(steps=40, learning_rate=5e-3).apply(pruned, context)
    assert context.info["loss"] == loss and context.info["improved"]
    images = Images([examples.RandomImages(16, seed=9)], spec).take(range(16))
    with torch.no_grad():
        networks = (network(images), pruned(images), result(images))
    for wanted, before, after in zip(*networks, strict=True):
        assert float((after - wanted).square().mean()) < 0.8 * float((before - wanted).square().mean())


def test_statistics_are_measured_anew_where_that_is_better(tmp_path: Path) -> None:
    """A network whose own statistics are true, after a step that made them wrong."""
    torch.manual_seed(0)
    path, network = tmp_path / "true.onnx", examples.make_network("plain_cnn")
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None
    network.train()(Images([Unlabelled(40)], examples.make_spec()).take(range(40)))
    shape = (1, 3, examples.SIZE, examples.SIZE)
    onnx.save(export_training_form(network.eval(), shape, "image", ["scores"]), path)
    context = StepContext(spec=examples.make_spec(), original=path, calibration=Unlabelled(40))
    spoiled = to_torch(onnx.load(path))
    for name, value in spoiled.state_dict().items():
        if name.endswith("running_var"):
            value.mul_(50)
    result = DistilFromOriginal(steps=10).apply(spoiled, context)
    assert context.info["held_out_loss"] < 0.2 * context.info["held_out_loss_before"]
    spread, own = (dict(module.named_buffers()) for module in (spoiled, result))
    assert all(float((own[name] / spread[name]).mean()) < 0.1 for name in own if name.endswith("running_var"))


def test_step_survives_json() -> None:
    step = DistilFromOriginal(trainable="last", features="attention", temperature=2.0)
    recipe = Recipe((MagnitudePruning(), step), seed=2)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_equal_runs_give_equal_files(tmp_path: Path) -> None:
    pruned, context = damaged(tmp_path, "depthwise_se")
    files = [
        to_bytes(export_training_form(made, (1, 3, 16, 16), "image", ["scores"]))
        for made in (DistilFromOriginal(steps=5).apply(pruned, context) for _ in range(2))
    ]
    assert files[0] == files[1]
