"""What every model family owes: both of its decodings agree, its loss trains, and reading results needs no torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from edgeslim.detections import Annotations
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.steps.torch_network.decoding import decoded
from edgeslim.tasks.losses import loss_for
from family_examples import EXAMPLES, HEIGHT, WIDTH, Example

DETECTORS = [family.name for family in FAMILIES if family.task == "detection"]
WITHOUT_PLACES = {"end_to_end"}
"""Families whose rows are no places of the image: they are compared by their raw outputs alone."""
PLACED = [name for name in DETECTORS if name not in WITHOUT_PLACES]
TRAINED = {"fcos", "classifier"}
"""Families with a loss for labels."""


def spec_of(family: str, example: Example, **given: object) -> ModelSpec:
    labels = tuple(f"class {index}" for index in range(example.classes))
    size = {"input_width": WIDTH, "input_height": HEIGHT, "strides": example.strides, "labels": labels}
    return ModelSpec(family=family, **size, **given)  # type: ignore[arg-type]


def batched(outputs: list[np.ndarray]) -> list[torch.Tensor]:
    return [torch.tensor(each if each.ndim > 2 else each[None]) for each in outputs]


def random_outputs(example: Example, seed: int) -> list[np.ndarray]:
    """Outputs shaped like the example's, with values that are scores, offsets, logits or pixels as well as any."""
    random = np.random.default_rng(seed)
    return [random.uniform(0.02, 0.98, each.shape).astype(np.float32) for each in example.outputs]


@pytest.mark.parametrize("name", PLACED)
def test_torch_finds_the_one_detection_that_was_worked_out_by_hand(name: str) -> None:
    example = EXAMPLES[name]()
    places = decoded(batched(example.outputs), spec_of(name, example))
    assert places is not None
    scores = places.scores[0]
    place, label = divmod(int(scores.flatten().argmax()), scores.shape[1])
    assert label == example.label
    np.testing.assert_allclose(places.boxes[0, place].numpy(), example.box, rtol=1e-4, atol=1e-3)
    expected = example.score**2 if name == "yunet" else example.score
    assert float(scores[place, label]) == pytest.approx(expected, rel=1e-4)


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
    assert len(boxes) == (count if name.startswith("yolox") else count * example.classes)
    if name == "yunet":  # its score is a geometric mean, and the product in torch
        scores = scores**2
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
def test_a_loss_reaches_every_output(name: str) -> None:
    example = EXAMPLES[name]()
    spec = spec_of(name, example)
    loss = loss_for(spec)
    assert loss is not None
    outputs = [each.requires_grad_() for each in batched(random_outputs(example, 0))]
    boxes = np.array([[8, 8, 24, 24], [0, 0, 90, 60]], np.float32)
    value = loss(outputs, [Annotations.of(boxes, np.array([0, 1]))], spec)
    assert value.shape == () and float(value.detach()) > 0
    value.backward()  # type: ignore[no-untyped-call]
    for output in outputs:
        assert output.grad is not None and bool((output.grad != 0).any())


def test_reading_outputs_imports_no_torch() -> None:
    look = "import sys; from edgeslim.models.families import FAMILIES; [each.loss for each in FAMILIES]"
    done = subprocess.run([sys.executable, "-c", f"{look}; sys.exit('torch' in sys.modules)"], check=False)
    assert done.returncode == 0
