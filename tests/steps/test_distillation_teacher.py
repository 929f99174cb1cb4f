"""distil_from_teacher: any fitting model teaches, others are refused before compute, and the cache knows the teacher."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

import example_networks as examples
from edgeslim import pipeline
from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.datasets import open_dataset
from edgeslim.detections import Annotations
from edgeslim.errors import ModelError, RecipeError
from edgeslim.export.onnx import export_training_form, to_bytes
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.families.places import Places
from edgeslim.models.library import open_model
from edgeslim.models.torch_graph import to_torch
from edgeslim.pipeline import TaskData
from edgeslim.recipe import Recipe
from edgeslim.steps import StepContext
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.features import Regressor, foreground, same_places
from edgeslim.steps.distillation.loop import fitting_steps
from edgeslim.steps.distillation.output_loss import aligned_loss, objects_loss
from edgeslim.steps.recovery import DistilFromOriginal, DistilFromTeacher
from edgeslim.steps.recovery.teachers import matched_by
from said import said

SIDE = 32
DETECTOR = ModelSpec(
    family="fcos",
    input_width=SIDE,
    input_height=SIDE,
    scale=1 / 255,
    strides=(8,),
    labels=("a", "b", "c"),
)


class Detector(nn.Module):
    """One FCOS level at stride 8, of any width."""

    def __init__(self, width: int, classes: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential(
            examples.conv_bn(3, width, stride=2),
            examples.conv_bn(width, width, stride=2),
            examples.conv_bn(width, width, stride=2),
        )
        self.neck = examples.conv_bn(width, width)
        self.tower = examples.conv_bn(width, width)
        self.classify, self.locate = nn.Conv2d(width, classes, 1), nn.Conv2d(width, 4, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = self.neck(self.body(image))
        return self.classify(self.tower(x)), self.locate(x)


def model_of(folder: Path, name: str, width: int, spec: ModelSpec = DETECTOR, seed: int = 0) -> Model:
    torch.manual_seed(seed)
    network = Detector(width, len(spec.labels)).eval()
    path = folder / f"{name}.onnx"
    shape = (1, 3, spec.input_height, spec.input_width)
    path.write_bytes(to_bytes(export_training_form(network, shape, "image", ["scores", "boxes"])))
    return Model(name, path, sha256_of(path), spec, "imported")


def context_of(model: Model, teacher: Model | None, count: int = 12, **more: Any) -> StepContext:
    images = examples.RandomImages(count)
    return StepContext(spec=model.spec, original=model.path, calibration=images, teacher=teacher, **more)


@pytest.mark.parametrize("features", ["none", "hints", "attention", "foreground"])
def test_a_small_detector_gets_nearer_to_a_wider_one(tmp_path: Path, features: str) -> None:
    small, wide = model_of(tmp_path, "small", 8), model_of(tmp_path, "wide", 24, seed=1)
    context = context_of(small, wide)
    step = DistilFromTeacher(match="places", features=features, steps=30, trainable="all", learning_rate=5e-3)
    result = step.apply(to_torch(onnx.load(small.path)), context)
    info = context.info
    assert info["improved"] and info["held_out_loss"] < 0.8 * info["held_out_loss_before"]
    assert info["loss"] == "heads" and info["teacher_sha256"] == wide.sha256
    assert len(info["feature_layers"]) == (0 if features == "none" else 3)
    shapes = [tuple(output.shape) for output in result(torch.zeros(1, 3, SIDE, SIDE))]
    assert shapes == [(1, 3, 4, 4), (1, 4, 4, 4)]


def test_classifiers_learn_from_a_teacher_of_another_size_and_order_of_classes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    cnn, mlp, digits = (
        open_model("digits-cnn", store),
        open_model("digits-mlp", store),
        open_dataset("digits"),
    )
    turned = dataclasses.replace(mlp.spec, labels=mlp.spec.labels[::-1])
    calibration = digits.split("calibration")
    context = StepContext(spec=turned, original=mlp.path, calibration=calibration, teacher=cnn)
    before = to_torch(onnx.load(mlp.path))
    DistilFromTeacher(steps=60, trainable="all", learning_rate=5e-3).apply(before, context)
    assert context.info["loss"] == "soft_targets"
    assert context.info["held_out_loss"] < 0.5 * context.info["held_out_loss_before"]
    # the classes are turned round: what the model says is far from what it shall say
    straight = StepContext(spec=mlp.spec, original=mlp.path, calibration=calibration, teacher=cnn)
    DistilFromTeacher(steps=1).apply(before, straight)
    assert straight.info["held_out_loss_before"] < 0.2 * context.info["held_out_loss_before"]


OTHER_SIZE = {"input_width": 64, "input_height": 64}


@pytest.mark.parametrize(
    ("change", "match", "code"),
    [
        ({"task": "classification", "family": "classifier"}, "auto", "teacher_task"),
        ({"labels": ("a", "b")}, "auto", "teacher_labels"),
        (OTHER_SIZE, "places", "teacher_input"),
        ({"strides": (16,)}, "places", "teacher_input"),
        ({"resize": "letterbox_center"}, "auto", "teacher_input"),
        ({"family": "unknown"}, "objects", "teacher_without_boxes"),
        (OTHER_SIZE, "auto", None),
        ({"labels": ("c", "x", "b", "a")}, "auto", None),
        ({"mean": (9.0, 9.0, 9.0), "color": "BGR"}, "places", None),
    ],
)
def test_a_teacher_that_does_not_fit_is_refused_with_a_remedy(
    tmp_path: Path, change: dict[str, Any], match: str, code: str | None
) -> None:
    teacher = Model("t", tmp_path / "t.onnx", "0", dataclasses.replace(DETECTOR, **change), "imported")
    step = DistilFromTeacher(match=match)
    if code is None:
        step.check(DETECTOR, teacher)
        return
    with pytest.raises(RecipeError) as found:
        step.check(DETECTOR, teacher)
    assert found.value.code == code and said(found.value) and found.value.values["step"] == step.name


def test_no_teacher_and_objects_without_a_loss_are_refused() -> None:
    strange = dataclasses.replace(DETECTOR, family="end_to_end")
    teacher = Model("t", Path("t.onnx"), "0", strange, "imported")
    with pytest.raises(RecipeError) as found:
        DistilFromTeacher().check(DETECTOR, None)
    assert found.value.code == "no_teacher"
    with pytest.raises(RecipeError) as found:
        DistilFromTeacher(match="objects").check(strange, teacher)
    assert found.value.code == "objects_without_loss"
    assert matched_by("auto", strange, strange) == "places"
    assert matched_by("auto", DETECTOR, strange) == "objects"


def test_teacher_is_opened_checked_and_part_of_the_key(tmp_path: Path) -> None:
    store, data = Store(tmp_path / "store"), TaskData(calibration=examples.RandomImages(6))
    small = model_of(tmp_path, "small", 8)
    path = model_of(tmp_path, "wide", 16, seed=1).path
    path.with_suffix(".spec.json").write_text(json.dumps(DETECTOR.to_json()))
    recipe = Recipe((DistilFromTeacher(teacher=str(path), match="places", steps=3, trainable="all"),))
    first = pipeline.run(recipe, small, data, store)
    assert pipeline.run(recipe, small, data, store).sha256 == first.sha256
    assert len(store.keys("stages")) == 1
    model_of(tmp_path, "wide", 16, seed=2)  # another model under the same reference
    second = pipeline.run(recipe, small, data, store)
    assert len(store.keys("stages")) == 2 and second.sha256 != first.sha256
    with pytest.raises(ModelError) as found:
        pipeline.check(Recipe((DistilFromTeacher(teacher="nobody"),)), small, data, store)
    assert found.value.code == "unknown_model"


def test_objects_are_learnt_across_sizes_and_classes() -> None:
    """The teacher sees twice the size and lists its classes in another order."""
    teacher = dataclasses.replace(DETECTOR, input_width=64, input_height=64, labels=("x", "c", "a", "b"))
    logits, boxes = torch.full((1, 4, 8, 8), -9.0), torch.zeros(1, 4, 8, 8)
    logits[0, 2, 3, 4] = 3.0
    logits[0, 0, 6, 6] = 3.0  # a class that the model does not know
    seen: list[Any] = []

    def task_loss(outputs: Any, targets: Any, spec: ModelSpec) -> Tensor:
        seen.extend(targets)
        return torch.zeros(())

    objects_loss(DETECTOR, teacher, task_loss)([], [logits, boxes])
    (found,) = seen
    assert isinstance(found, Annotations)
    np.testing.assert_allclose(found.boxes, [[14, 10, 22, 18]])  # (36, 28) ± 8 at half the size
    assert found.classes.tolist() == [0]


def test_layouts_that_differ_are_compared_place_by_place() -> None:
    """An FCOS model and a YOLOv8-like teacher on the same grid, which says the same in other words."""
    yolo = dataclasses.replace(DETECTOR, family="yolov8", labels=("c", "b", "a"))
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 4, generator=generator)
    boxes = 0.3 * torch.randn(2, 4, 4, 4, generator=generator)
    y, x = torch.meshgrid(torch.arange(4) * 8.0 + 4, torch.arange(4) * 8.0 + 4, indexing="ij")
    left, top, right, bottom = (8 * boxes.exp()).unbind(1)
    centres = [x + (right - left) / 2, y + (bottom - top) / 2, left + right, top + bottom]
    said = torch.cat([torch.stack(centres, 1).flatten(2), logits.flip(1).sigmoid().flatten(2)], 1)
    name, loss = aligned_loss([logits, boxes], [said], DETECTOR, yolo, DistillationConfig(), "step")
    assert name == "places"
    assert float(loss([logits, boxes], [said])) == pytest.approx(0.0, abs=1e-4)
    assert float(loss([logits, boxes + 0.5], [said])) > 0.1
    assert float(loss([logits + 1, boxes], [said])) > 0.1
    with pytest.raises(RecipeError) as found:
        aligned_loss([logits, boxes], [said[..., :9]], DETECTOR, yolo, DistillationConfig(), "step")
    assert found.value.code == "teacher_outputs"


def test_foreground_is_where_the_teacher_is_sure() -> None:
    scores, boxes = torch.zeros(2, 3, 2), torch.zeros(2, 3, 4)
    scores[0, 0, 1], boxes[0, 0] = 0.9, torch.tensor([0.0, 0.0, 16.0, 8.0])
    scores[0, 1, 0], boxes[0, 1] = 0.5, torch.tensor([8.0, 0.0, 32.0, 32.0])
    scores[0, 2, 0], boxes[0, 2] = 0.1, torch.tensor([0.0, 0.0, 32.0, 32.0])
    mask = foreground(Places(scores, boxes), (4, 4), DETECTOR)
    torch.testing.assert_close(mask[0, 0], torch.tensor([0.9, 0.9, 0.5, 0.5]))
    torch.testing.assert_close(mask[0, 3], torch.tensor([0.0, 0.5, 0.5, 0.5]))
    assert not mask[1].any()


def test_map_between_channels_begins_at_the_best_fit() -> None:
    generator = torch.Generator().manual_seed(0)
    own = torch.randn(4, 5, 6, 6, generator=generator)
    weight, bias = torch.randn(7, 5, generator=generator), torch.randn(7, generator=generator)
    wanted = torch.einsum("oc,bchw->bohw", weight, own) + bias[:, None, None]
    regressor = Regressor(own, wanted, 1)
    torch.testing.assert_close(regressor(own), wanted, atol=2e-3, rtol=2e-3)
    assert sum(parameter.numel() for parameter in regressor.parameters()) == 7 * 6


def test_necks_of_different_networks_are_paired_by_resolution() -> None:
    one, other = (to_torch(exported(Detector(width).eval())) for width in (8, 24))
    image = torch.zeros(1, 3, SIDE, SIDE)
    pairs = same_places(one, other, (image, image))
    assert [(pair.own, pair.wanted) for pair in pairs] == [
        ("body.0.1", "body.0.1"),
        ("body.1.1", "body.1.1"),
        ("neck.1", "neck.1"),
    ]


def exported(network: nn.Module) -> onnx.ModelProto:
    return export_training_form(network, (1, 3, SIDE, SIDE), "image", ["scores", "boxes"])


def test_steps_that_fit_a_time_count_the_first_epoch_as_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """11 judgements of 5 s, 4 steps of 20 s and then steps of 10 s."""
    now, lasts = 0.0, iter([5.0, 5.0, 20.0, 10.0, 10.0, 0.0, 0.0, 1.0, 1.0, 1.0])

    def work() -> None:
        nonlocal now
        now += next(lasts)

    monkeypatch.setattr("time.perf_counter", lambda: now)
    assert fitting_steps(500.0, work, work, 11, 4) == 4 + (500 - 11 * 5 - 4 * 20) // 10
    assert fitting_steps(1e-6, work, work, 11, 4) == 1


def test_a_time_budget_is_repeated_by_its_recorded_steps(tmp_path: Path) -> None:
    small, wide = model_of(tmp_path, "small", 8), model_of(tmp_path, "wide", 16, seed=1)
    context, again = context_of(small, wide), context_of(small, wide)
    given = to_torch(onnx.load(small.path))
    timed = DistilFromTeacher(match="places", seconds=0.4, steps=5000).apply(given, context)
    planned = context.info["planned_steps"]
    assert 1 <= planned < 5000
    repeated = DistilFromTeacher(match="places", steps=planned).apply(given, again)
    assert to_bytes(exported(timed)) == to_bytes(exported(repeated))


def test_training_images_are_used_without_their_labels() -> None:
    assert DistilFromTeacher().needs == {"calibration"}
    assert DistilFromOriginal(train_images=True).needs == {"calibration", "train"}
    assert DistilFromTeacher(label_weight=0.5).needs == {"calibration", "train", "loss"}
