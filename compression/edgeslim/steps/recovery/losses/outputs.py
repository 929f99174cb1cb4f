"""How far a network's outputs are from its teacher's. No labels, no task loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.steps.recovery.config import Signal
from edgeslim.steps.recovery.losses.boxes import by_heads, by_places, spread
from edgeslim.steps.recovery.losses.classes import class_loss, logits_of
from edgeslim.steps.torch_network.decoding import Places, decoded, rows_and_heads
from edgeslim.steps.torch_network.running import Network

OutputLoss = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]
"""(the student's outputs, the teacher's), each (B, …) → scalar."""
_TINY = 1e-6


def output_loss(reference: Sequence[Tensor], spec: ModelSpec, signal: Signal) -> tuple[str, OutputLoss]:
    """The loss for a network whose teacher, of equal layout, gave `reference` on some images, and its name.

    The name of the signal's loss for classifiers, 'heads' for detectors whose family tells scores from boxes, else
    'outputs'.
    """
    if _classifies(spec, reference):
        return signal.loss, lambda own, wanted: class_loss(own[0], wanted[0], signal)
    found = rows_and_heads(reference, spec)
    if found is None:
        spreads = [variance(output) for output in reference]
        return "outputs", lambda own, wanted: squared_error(own, wanted, spreads)
    rows, heads = found
    units = [[spread(rows, head, columns) for columns in head.numbers] for head in heads]

    def loss(own: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        mine, theirs = rows_and_heads(own, spec), rows_and_heads(wanted, spec)
        assert mine is not None and theirs is not None, "outputs keep their shapes"
        return by_heads(mine[0], theirs[0], heads, units, spec, signal)

    return "heads", loss


def aligned_loss(
    own: Sequence[Tensor],
    reference: Sequence[Tensor],
    spec: ModelSpec,
    teacher: ModelSpec,
    signal: Signal,
    step: str,
) -> tuple[str, OutputLoss]:
    """The loss for a network that gave `own`, and whose teacher is another model that gave `reference`.

    As `output_loss` where both have the same layout; else classes are brought together by their names, and detectors
    are compared place by place on decoded scores and boxes ('places').
    Raises RecipeError (code 'teacher_outputs') where the two cannot be compared.
    """
    same = spec.family == teacher.family and spec.labels == teacher.labels
    if same and [one.shape[1:] for one in own] == [one.shape[1:] for one in reference]:
        return output_loss(reference, spec, signal)
    columns = [teacher.labels.index(label) for label in spec.labels]
    if _classifies(spec, own) and _classifies(teacher, reference):
        return signal.loss, lambda mine, theirs: class_loss(mine[0], logits_of(theirs[0])[:, columns], signal)
    first, second = decoded(own, spec), decoded(reference, teacher)
    if first is None or second is None or first.boxes.shape[1] != second.boxes.shape[1]:
        raise RecipeError(
            "teacher_outputs",
            "The outputs of the teacher cannot be compared with the model's: they do not speak of the same places.",
            f"For '{step}', choose a teacher of the same family with the same strides.",
            step=step,
        )

    def loss(mine: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
        student, other = decoded(mine, spec), decoded(theirs, teacher)
        assert student is not None and other is not None, "outputs keep their shapes"
        return by_places(student, Places(other.scores[..., columns], other.boxes), signal)

    return "places", loss


def squared_error(own: Sequence[Tensor], wanted: Sequence[Tensor], spreads: Sequence[Tensor]) -> Tensor:
    """Mean over outputs of the squared difference in units of the teacher's variance."""
    pairs = zip(own, wanted, spreads, strict=True)
    errors = [(a - b).square().mean() / unit for a, b, unit in pairs if a.is_floating_point()]
    return torch.stack(errors).mean() if errors else torch.zeros(())


def relative_error(compressed: Network, original: Network, images: Tensor) -> float | None:
    """`squared_error` of the two networks on some images; None if it is not a finite number."""
    with torch.no_grad():
        wanted = original(images)
        error = float(squared_error(compressed(images), wanted, [variance(output) for output in wanted]))
    return error if math.isfinite(error) else None


def variance(values: Tensor) -> Tensor:
    """Scalar, never zero."""
    return values.float().var(correction=0).clamp(min=_TINY)


def _classifies(spec: ModelSpec, outputs: Sequence[Tensor]) -> bool:
    return spec.task == "classification" and len(outputs) == 1 and outputs[0].flatten(1).shape[1] > 1
