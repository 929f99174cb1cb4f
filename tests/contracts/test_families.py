"""What every model family owes: outputs are recognised and decoded, alike in NumPy and torch; its loss trains."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

from edgeslim.detections import Annotations
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES, recognise
from edgeslim.models.families.places import decoded
from edgeslim.tasks.base import loss_for
from family_examples import EXAMPLES, HEIGHT, HW, WIDTH, Example, spec_of

DETECTORS = [family.name for family in FAMILIES if family.task == "detection"]
WITHOUT_PLACES = {"end_to_end"}
"""Families whose rows are no places of the image: they are compared by their raw outputs alone."""
PLACED = [name for name in DETECTORS if name not in WITHOUT_PLACES]
MAPS = {"fcos", "fastestdet"}
"""Families of maps (C, h, w), no rows: a map without batch has three dimensions, as rows with one have."""
ONE_CLASS_EACH = {"yolox", "yolox_decoded", "fastestdet"}
"""Families in which a place gives a box of its best class only."""
TRAINED = {
    "classifier",
    "fastestdet",
    "fcos",
    "gfl",
    "nanodet_plus",
    "picodet",
    "ssd",
    "yolov8",
    "yolox",
    "yolox_decoded",
    "yunet",
}
"""Families with a loss for labels."""


def batched(outputs: list[np.ndarray]) -> list[torch.Tensor]:
    return [torch.tensor(each if each.ndim > 2 else each[None]) for each in outputs]


def random_outputs(example: Example, seed: int) -> list[np.ndarray]:
    """Outputs shaped like the example's, with values that are scores, offsets, logits or pixels as well as any."""
    random = np.random.default_rng(seed)
    return [random.uniform(0.02, 0.98, each.shape).astype(np.float32) for each in example.outputs]


def test_every_detector_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(DETECTORS)


@pytest.mark.parametrize("name", DETECTORS)
def test_the_one_detection_that_was_worked_out_by_hand_is_decoded(name: str) -> None:
    example = EXAMPLES[name]()
    boxes, scores, classes = FAMILIES.get(name).decode(example.outputs, spec_of(name, example))
    np.testing.assert_allclose(boxes, [example.box], atol=1e-3)
    np.testing.assert_allclose(scores, [example.score], atol=1e-5)
    assert classes.tolist() == [example.label]
    assert (boxes.dtype, scores.dtype, classes.dtype) == (np.float32, np.float32, np.int64)


@pytest.mark.parametrize("name", [name for name in DETECTORS if name != "yolox_decoded"])
def test_outputs_are_recognised_as_one_family(name: str) -> None:
    example = EXAMPLES[name]()
    hints = recognise(example.outputs, HW)
    assert hints is not None
    assert (hints["family"], hints["strides"], len(hints["labels"])) == (
        name,
        example.strides,
        example.classes,
    )
    ModelSpec(input_width=WIDTH, input_height=HEIGHT, **hints)


@pytest.mark.parametrize("name", DETECTORS)
def test_order_of_outputs_does_not_matter(name: str) -> None:
    example = EXAMPLES[name]()
    reversed_outputs = example.outputs[::-1]
    boxes, _, classes = FAMILIES.get(name).decode(reversed_outputs, spec_of(name, example))
    np.testing.assert_allclose(boxes, [example.box], atol=1e-3)
    assert classes.tolist() == [example.label]


@pytest.mark.parametrize("name", [name for name in DETECTORS if name not in MAPS])
def test_missing_batch_dimension_is_accepted(name: str) -> None:
    example = EXAMPLES[name]()
    outputs = [output.reshape(output.shape[-2:]) for output in example.outputs]
    boxes, _, _ = FAMILIES.get(name).decode(outputs, spec_of(name, example))
    np.testing.assert_allclose(boxes, [example.box], atol=1e-3)


@pytest.mark.parametrize("name", [name for name in DETECTORS if name != "end_to_end"])
def test_wrong_number_of_labels_is_refused_with_the_shapes(name: str) -> None:
    example = EXAMPLES[name]()
    spec = dataclasses.replace(spec_of(name, example), labels=tuple(map(str, range(8))))
    with pytest.raises(ModelError) as caught:
        FAMILIES.get(name).decode(example.outputs, spec)
    assert caught.value.code == "outputs_do_not_fit"
    assert str(list(example.outputs[0].shape)) in str(caught.value)
    assert caught.value.values["labels"] == 8


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_damaged_network_gives_no_warnings_and_only_finite_boxes(name: str, value: float) -> None:
    example = EXAMPLES[name]()
    outputs = [np.full_like(output, value) for output in example.outputs]
    with np.errstate(invalid="ignore", over="ignore"):
        boxes, scores, classes = FAMILIES.get(name).decode(outputs, spec_of(name, example))
    assert np.isfinite(boxes).all()
    assert len(boxes) == len(scores) == len(classes)


@pytest.mark.parametrize("name", PLACED)
def test_torch_finds_the_one_detection_that_was_worked_out_by_hand(name: str) -> None:
    example = EXAMPLES[name]()
    places = decoded(batched(example.outputs), spec_of(name, example))
    assert places is not None
    scores = places.scores[0]
    place, label = divmod(int(scores.flatten().argmax()), scores.shape[1])
    assert label == example.label
    np.testing.assert_allclose(places.boxes[0, place].numpy(), example.box, rtol=1e-4, atol=1e-3)
    assert float(scores[place, label]) == pytest.approx(example.score, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PLACED)
def test_numpy_and_torch_decode_random_outputs_alike(name: str, seed: int) -> None:
    """Every box of the decoder for use is the one in torch with the same class and score."""
    example = EXAMPLES[name]()
    outputs, spec = random_outputs(example, seed), spec_of(name, example, confidence=0.0)
    boxes, scores, classes = FAMILIES.get(name).decode(outputs, spec)
    places = decoded(batched(outputs), spec)
    assert places is not None
    count = places.boxes.shape[1]
    assert len(boxes) == (count if name in ONE_CLASS_EACH else count * example.classes)
    in_torch = places.scores[0].numpy()
    found = np.array([np.abs(in_torch[:, c] - s).argmin() for s, c in zip(scores, classes, strict=True)])
    np.testing.assert_allclose(in_torch[found, classes], scores, rtol=1e-4)
    np.testing.assert_allclose(places.boxes[0].numpy()[found], boxes, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", sorted(WITHOUT_PLACES))
def test_a_family_without_places_says_so(name: str) -> None:
    example = EXAMPLES[name]()
    assert decoded(batched(example.outputs), spec_of(name, example)) is None


def test_boxes_off_the_grid_are_not_decoded() -> None:
    example = EXAMPLES["fcos"]()
    spec = ModelSpec(
        family="fcos", input_width=100, input_height=100, strides=(8, 16), labels=("a", "b", "c")
    )
    assert decoded(batched(example.outputs), spec) is None


def test_families_with_a_loss_are_these() -> None:
    assert {family.name for family in FAMILIES if family.loss is not None} == TRAINED


@pytest.mark.parametrize("name", sorted(TRAINED & set(DETECTORS)))
def test_a_loss_reaches_every_kind_of_output(name: str) -> None:
    example = EXAMPLES[name]()
    spec = spec_of(name, example)
    loss = loss_for(spec)
    assert loss is not None
    outputs = [each.requires_grad_() for each in batched(random_outputs(example, 0))]
    boxes = np.array([[8, 8, 24, 24], [0, 0, 90, 60]], np.float32)
    value = loss(outputs, [Annotations.of(boxes, np.array([0, example.classes - 1]))], spec)
    assert value.shape == () and float(value.detach()) > 0
    value.backward()  # type: ignore[no-untyped-call]
    reached: dict[int, bool] = {}  # by what the columns are: on some levels there is no object
    for output in outputs:
        width = output.shape[1 if output.dim() == 4 else 2]
        reached[width] = reached.get(width, False) or (
            output.grad is not None and bool((output.grad != 0).any())
        )
    if name == "yunet":
        assert not reached.pop(10), "no dataset of boxes labels landmarks"
    assert all(reached.values())


def test_reading_outputs_imports_no_torch() -> None:
    look = "import sys; from edgeslim.models.families import FAMILIES; [each.loss for each in FAMILIES]"
    done = subprocess.run([sys.executable, "-c", f"{look}; sys.exit('torch' in sys.modules)"], check=False)
    assert done.returncode == 0
