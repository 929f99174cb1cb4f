"""What distillation compares: outputs by family, in the same units, whatever form they have."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor, nn

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Columns, HeadColumns
from edgeslim.models.families.places import rows_and_heads
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.features import attention, hint
from edgeslim.steps.distillation.output_loss import (
    class_loss,
    decoupled,
    logit_error,
    output_loss,
    soft_targets,
)
from edgeslim.training.network import Network

LABELS = tuple("abcde")
FORMS: dict[str, list[tuple[int, ...]]] = {
    "yolox": [(2, 84, 10)],
    "yolox_decoded": [(2, 84, 10)],
    "yolov8": [(2, 9, 84)],
    "fcos": [(2, 5, 8, 8), (2, 4, 8, 8), (2, 5, 4, 4), (2, 4, 4, 4)],
    "ssd": [(2, 84, 6), (2, 84, 4)],
    "gfl": [(2, 64, 5), (2, 64, 32), (2, 16, 32), (2, 16, 5)],
    "nanodet_plus": [(2, 84, 37)],
}


def spec(family: str, labels: tuple[str, ...] = LABELS) -> ModelSpec:
    return ModelSpec(family=family, input_width=64, input_height=64, labels=labels)


def random_outputs(shapes: list[tuple[int, ...]], seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(shape, generator=generator) for shape in shapes]


@pytest.mark.parametrize("family", FORMS)
def test_families_are_compared_by_heads(family: str) -> None:
    wanted = random_outputs(FORMS[family])
    name, loss = output_loss(wanted, spec(family), DistillationConfig())
    assert name == "heads"
    assert float(loss(wanted, wanted)) == pytest.approx(0.0, abs=1e-5)
    own = [(output + 0.1 * torch.rand_like(output)).requires_grad_() for output in wanted]
    value = loss(own, wanted)
    assert float(value.detach()) > 1e-3
    value.backward()
    for output in own:
        assert output.grad is not None and bool((output.grad != 0).any())


def test_yunet_has_two_scores_boxes_and_landmarks() -> None:
    shapes = [(1, places, columns) for columns in (1, 1, 4, 10) for places in (64, 16, 4)]
    found = rows_and_heads(random_outputs(shapes), spec("yunet", ("face",)))
    assert found is not None
    heads = found[1]
    assert len(heads) == 3
    first = heads[0]
    assert (first.classes, first.objectness) == (Columns(0, 0, 1), Columns(3, 0, 1))
    assert first.numbers == (Columns(6, 0, 4), Columns(9, 0, 10))


def test_background_column_gives_no_confidence_to_boxes() -> None:
    found = rows_and_heads(random_outputs([(1, 84, 6), (1, 84, 4)]), spec("ssd"))
    assert found is not None
    assert found[1] == (HeadColumns(Columns(0, 0, 6), numbers=(Columns(1, 0, 4),), background=1),)
    scores = torch.zeros(1, 84, 6)
    scores[..., 0] = 1.0
    scores[0, 3, :2] = torch.tensor([0.1, 0.9])
    boxes = torch.rand(1, 84, 4, generator=torch.Generator().manual_seed(0))
    _, loss = output_loss([scores, boxes], spec("ssd"), DistillationConfig())
    elsewhere, there = boxes.clone(), boxes.clone()
    elsewhere[0, 5] += 1.0
    there[0, 3] += 1.0
    assert float(loss([scores, elsewhere], [scores, boxes])) == pytest.approx(0.0, abs=1e-5)
    assert float(loss([scores, there], [scores, boxes])) > 0.1


@pytest.mark.parametrize("family", ["unknown", "fcos"])
def test_outputs_that_fit_no_family_are_compared_in_units_of_their_variance(family: str) -> None:
    wanted = random_outputs([(2, 7, 3), (2, 11)])
    wanted[1] = wanted[1] * 1000
    name, loss = output_loss(wanted, spec(family), DistillationConfig())
    assert name == "outputs"
    own = [output + output.std(correction=0) for output in wanted]
    assert float(loss(own, wanted)) == pytest.approx(1.0, rel=1e-4)


def test_soft_targets_are_the_divergence_at_that_temperature() -> None:
    own, wanted = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    p = 1 / (1 + math.exp(-1.0))  # softmax of (2, 0) / 2
    expected = 4 * (p * math.log(2 * p) + (1 - p) * math.log(2 * (1 - p)))
    assert float(soft_targets(own, wanted, 2.0)) == pytest.approx(expected, rel=1e-5)
    distribution = wanted.softmax(1)
    assert float(class_loss(distribution, wanted, DistillationConfig(temperature=1.0))) == pytest.approx(
        0.0, abs=1e-6
    )


def test_logit_error_does_not_see_what_softmax_does_not_see() -> None:
    own, wanted = torch.tensor([[1.0, 2.0, 6.0]]), torch.tensor([[0.0, 3.0, 3.0]])
    assert float(logit_error(wanted + 5, wanted)) == pytest.approx(0.0, abs=1e-6)
    assert float(logit_error(own, wanted)) == pytest.approx(8 / 3)  # (1, -1, 3) less its mean 1


def test_decoupled_loss_takes_soft_targets_apart() -> None:
    """With weights 1 and the teacher's probability of the others, both parts are the KL divergence again."""
    generator = torch.Generator().manual_seed(0)
    own, wanted = torch.randn(1, 6, generator=generator), 3 * torch.randn(1, 6, generator=generator)
    others = float(1 - (wanted / 2).softmax(1).max())
    together = float(decoupled(own, wanted, 2.0, 1.0, others))
    assert together == pytest.approx(float(soft_targets(own, wanted, 2.0)), rel=1e-5)
    assert float(decoupled(own, wanted, 2.0, 1.0, 8.0)) > together
    target = int(wanted.argmax())
    moved = wanted.clone()
    moved[0, target] += 2
    assert float(decoupled(moved, wanted, 2.0, 0.0, 1.0)) == pytest.approx(0.0, abs=1e-6)
    assert float(decoupled(moved, wanted, 2.0, 1.0, 0.0)) > 0.01


def test_decoupled_loss_of_two_classes_has_a_gradient() -> None:
    own = torch.zeros(3, 2, requires_grad=True)
    decoupled(own, torch.tensor([[2.0, 0.0]] * 3), 1.0, 1.0, 8.0).backward()
    assert own.grad is not None and bool(own.grad.isfinite().all()) and bool((own.grad != 0).any())


def test_overlap_sees_boxes_and_background_quiets_empty_places() -> None:
    heads = dataclasses.replace(spec("fcos"), strides=(8, 16))
    logits, boxes = torch.full((1, 5, 8, 8), -6.0), torch.zeros(1, 4, 8, 8)
    logits[0, 2, 3, 3] = 3.0
    small = [torch.full((1, 5, 4, 4), -6.0), torch.zeros(1, 4, 4, 4)]
    wanted = [logits, boxes, *small]
    there, elsewhere, fired = boxes.clone(), boxes.clone(), logits.clone()
    there[0, :, 3, 3] = math.log(2)  # twice as wide and high: IoU 1/4
    elsewhere[0, :, 6, 6] = math.log(2)
    fired[0, 0, 6, 6] = 0.0
    _, loss = output_loss(wanted, heads, DistillationConfig())
    far, near = float(loss([logits, there, *small], wanted)), float(loss([logits, elsewhere, *small], wanted))
    assert far == pytest.approx(
        10 * 0.75 * float(torch.tensor(3.0).sigmoid()) / wanted_mass(wanted), rel=0.01
    )
    assert near < 0.01 * far
    _, quiet = output_loss(wanted, heads, DistillationConfig(background=0.1))
    loud = float(loss([fired, boxes, *small], wanted))
    assert float(quiet([fired, boxes, *small], wanted)) == pytest.approx(0.1 * loud, rel=0.05)


def wanted_mass(outputs: list[Tensor]) -> float:
    """What the loss is divided by: the confidence of all places, at least one an image."""
    total = sum(float(logits.sigmoid().amax(1).sum()) for logits in outputs[::2])
    return max(total, 1.0)


def test_hints_count_in_variances_and_attention_ignores_strength_and_channels() -> None:
    wanted = torch.rand(2, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    assert float(hint(wanted + 2 * wanted.std(correction=0), wanted, [])) == pytest.approx(4.0, rel=1e-4)
    assert float(attention(torch.cat([wanted, wanted], 1) * 3, wanted, [])) == pytest.approx(0.0, abs=1e-6)
    assert float(attention(wanted.flip(-1), wanted, [])) > 0.01


class Fixed(nn.Module):
    """Like a network whose file is fixed to one image, with an output that has no batch at all."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return image.reshape(1, 3, 4).sum(2), image.reshape(4, 3)


def test_networks_fixed_to_one_image_take_batches_too() -> None:
    images = torch.rand(3, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    first, second = Network(Fixed(), images[:1])(images)
    assert (first.shape, second.shape) == ((3, 3), (3, 4, 3))
    torch.testing.assert_close(first, images.flatten(2).sum(2))
    torch.testing.assert_close(second[2], images[2].reshape(4, 3))
