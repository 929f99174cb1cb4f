"""The distance of a network's outputs from those of its teacher: by class, by place, or by object."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.detections import Annotations, Detections
from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Loss
from edgeslim.models.families.places import Places, decoded, rows_and_heads
from edgeslim.steps.distillation.box_loss import by_heads, by_places, spread
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prepared
from edgeslim.training.network import Network

OutputLoss = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]
"""(the student's outputs, the teacher's), each (B, …) → scalar."""
_TINY = 1e-6


def class_loss(own: Tensor, wanted: Tensor, config: DistillationConfig) -> Tensor:
    """The loss named in `config`, for outputs (B, C, …) that are logits or distributions."""
    mine, theirs = logits_of(own), logits_of(wanted)
    if config.loss == "logits":
        return logit_error(mine, theirs)
    if config.loss == "decoupled":
        return decoupled(mine, theirs, config.temperature, config.alpha, config.beta)
    return soft_targets(mine, theirs, config.temperature)


def soft_targets(own: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """T² · KL(teacher ‖ student) of the softened class distributions. Source: arXiv 1503.02531."""
    return temperature**2 * _divergence(own / temperature, wanted / temperature)


def logit_error(own: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of logits relative to their row mean, to which softmax is invariant.

    Source: arXiv 1312.6184.
    """
    difference = own - wanted
    return (difference - difference.mean(1, keepdim=True)).square().mean()


def decoupled(own: Tensor, wanted: Tensor, temperature: float, alpha: float, beta: float) -> Tensor:
    """T² · (alpha · KL of target against the rest + beta · KL among the others). Source: arXiv 2203.08679.

    The target is the class predicted by the teacher: no labels are needed. With alpha 1 and beta equal to the teacher's
    probability of the other classes, this is the loss of soft targets.
    """
    target = F.one_hot(wanted.argmax(1), wanted.shape[1]).bool()
    mine, theirs = own / temperature, wanted / temperature
    total = alpha * _divergence(_target_and_rest(mine, target), _target_and_rest(theirs, target))
    if wanted.shape[1] > 2:
        others = [logits[~target].reshape(len(logits), -1) for logits in (mine, theirs)]
        total = total + beta * _divergence(*others)
    return temperature**2 * total


def logits_of(values: Tensor) -> Tensor:
    """(B, C): the values, or their logarithms if they are distributions."""
    rows = values.flatten(1)
    distribution = bool((rows.detach() >= 0).all()) and bool(((rows.detach().sum(1) - 1).abs() < 1e-3).all())
    return rows.clamp(min=_TINY).log() if distribution else rows


def _target_and_rest(logits: Tensor, target: Tensor) -> Tensor:
    """(B, 2) logits of the target and of all others together."""
    rest = logits.masked_fill(target, -torch.inf).logsumexp(1)
    return torch.stack([logits[target], rest], 1)


def _divergence(own: Tensor, wanted: Tensor) -> Tensor:
    """KL(wanted ‖ own) of the softmax of logits, mean over the batch."""
    return F.kl_div(F.log_softmax(own, 1), F.log_softmax(wanted, 1), reduction="batchmean", log_target=True)


def output_loss(
    reference: Sequence[Tensor], spec: ModelSpec, config: DistillationConfig
) -> tuple[str, OutputLoss]:
    """The name and the loss for a teacher of equal layout that gave `reference` on some images.

    The name is that of the configured loss for classifiers, 'heads' for detectors of a family with heads, else
    'outputs'.
    """
    if _classifies(spec, reference):
        return config.loss, lambda own, wanted: class_loss(own[0], wanted[0], config)
    found = rows_and_heads(reference, spec)
    if found is None:
        spreads = [variance(output) for output in reference]
        return "outputs", lambda own, wanted: squared_error(own, wanted, spreads)
    rows, heads = found
    units = [[spread(rows, head, columns) for columns in head.numbers] for head in heads]

    def loss(own: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        mine, theirs = rows_and_heads(own, spec), rows_and_heads(wanted, spec)
        assert mine is not None and theirs is not None, "outputs keep their shapes"
        return by_heads(mine[0], theirs[0], heads, units, spec, config)

    return "heads", loss


def aligned_loss(
    own: Sequence[Tensor],
    reference: Sequence[Tensor],
    spec: ModelSpec,
    teacher: ModelSpec,
    config: DistillationConfig,
    step: str,
) -> tuple[str, OutputLoss]:
    """The name and the loss for a network that gave `own` and a teacher that is another model and gave `reference`.

    As `output_loss` if both have the same layout; else classes are matched by name, and detectors are compared place by
    place on decoded scores and boxes ('places').
    Raises RecipeError (code 'teacher_outputs') if the two cannot be compared.
    """
    same = spec.family == teacher.family and spec.labels == teacher.labels
    if same and [one.shape[1:] for one in own] == [one.shape[1:] for one in reference]:
        return output_loss(reference, spec, config)
    columns = [teacher.labels.index(label) for label in spec.labels]
    if _classifies(spec, own) and _classifies(teacher, reference):
        return config.loss, lambda mine, theirs: class_loss(mine[0], logits_of(theirs[0])[:, columns], config)
    first, second = decoded(own, spec), decoded(reference, teacher)
    if first is None or second is None or first.boxes.shape[1] != second.boxes.shape[1]:
        raise RecipeError("teacher_outputs", step=step)

    def loss(mine: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
        student, other = decoded(mine, spec), decoded(theirs, teacher)
        assert student is not None and other is not None, "outputs keep their shapes"
        return by_places(student, Places(other.scores[..., columns], other.boxes), config)

    return "places", loss


def squared_error(own: Sequence[Tensor], wanted: Sequence[Tensor], spreads: Sequence[Tensor]) -> Tensor:
    """Mean over outputs of the squared difference relative to the teacher's variance."""
    pairs = zip(own, wanted, spreads, strict=True)
    errors = [(a - b).square().mean() / unit for a, b, unit in pairs if a.is_floating_point()]
    return torch.stack(errors).mean() if errors else torch.zeros(())


def relative_error(compressed: Network, original: Network, images: Tensor) -> float | None:
    """`squared_error` of the two networks on some images; None if it is not finite."""
    with torch.no_grad():
        wanted = original(images)
        error = float(squared_error(compressed(images), wanted, [variance(output) for output in wanted]))
    return error if math.isfinite(error) else None


def variance(values: Tensor) -> Tensor:
    """Variance of all values, a positive scalar."""
    return values.float().var(correction=0).clamp(min=_TINY)


def _classifies(spec: ModelSpec, outputs: Sequence[Tensor]) -> bool:
    return spec.task == "classification" and len(outputs) == 1 and outputs[0].flatten(1).shape[1] > 1


SURE = 0.4
"""Minimum score of detections that serve as labels."""


def objects_loss(spec: ModelSpec, teacher: ModelSpec, task_loss: Loss) -> OutputLoss:
    """`task_loss` with the teacher's confident detections as labels; input size, grid and family may differ."""
    classes = np.array([spec.labels.index(label) if label in spec.labels else -1 for label in teacher.labels])
    ratio = np.array([spec.input_width / teacher.input_width, spec.input_height / teacher.input_height] * 2)

    def loss(own: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        rows = zip(*(output.detach().cpu().numpy() for output in wanted), strict=True)
        seen = [_detections([row[None] for row in outputs], teacher) for outputs in rows]
        targets = [_annotations(each, classes, ratio) for each in seen]
        return task_loss([output.cpu() for output in own], targets, spec)

    return loss


def _detections(outputs: Sequence[np.ndarray], spec: ModelSpec) -> Detections:
    """Detections of one image, in pixels of the network's input."""
    size = spec.input_width, spec.input_height
    prepared = Prepared(np.zeros(spec.input_shape, np.float32), 1.0, 1.0, 0.0, 0.0, *size)
    found = task_for(spec).decode(outputs, prepared, spec)
    assert isinstance(found, Detections), "the family was looked up before"
    return found


def _annotations(found: Detections, classes: np.ndarray, ratio: np.ndarray) -> Annotations:
    kept = (found.scores >= SURE) & (classes[found.classes] >= 0)
    boxes = (found.boxes[kept] * ratio).astype(np.float32)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return Annotations(boxes, classes[found.classes[kept]], np.zeros(len(boxes), bool), area)
