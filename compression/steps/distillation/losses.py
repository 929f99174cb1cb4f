"""How far the compressed network's outputs and features are from the original's. No labels, no task loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from compression.models.base import ModelSpec
from compression.steps.distillation.heads import Columns, Head, as_rows, heads_of
from compression.steps.distillation.network import Network

OutputLoss = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]
"""(the compressed network's outputs, the original's), each (B, …) → scalar."""
_TINY = 1e-6


def output_loss(reference: Sequence[Tensor], spec: ModelSpec, temperature: float) -> tuple[str, OutputLoss]:
    """The loss for a network whose original gave `reference` on some images, and its name.

    'soft_targets' for classifiers, 'heads' for detectors whose family tells scores from boxes, else 'outputs'.
    """
    if spec.task == "classification" and len(reference) == 1 and reference[0].flatten(1).shape[1] > 1:
        return "soft_targets", lambda own, wanted: soft_targets(own[0], wanted[0], temperature)
    rows = as_rows(reference, spec) if spec.task == "detection" else None
    heads = heads_of(rows, spec) if rows is not None else None
    if rows is None or heads is None:
        spreads = [_variance(output) for output in reference]
        return "outputs", lambda own, wanted: squared_error(own, wanted, spreads)
    scales = [[_spread(rows, head, columns) for columns in head.numbers] for head in heads]

    def by_heads(own: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        mine, theirs = as_rows(own, spec), as_rows(wanted, spec)
        assert mine is not None and theirs is not None, "outputs keep their shapes"
        return detection(mine, theirs, heads, scales)

    return "heads", by_heads


def soft_targets(own: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """T² · KL(original ‖ compressed) of the softened class distributions (B, C). Source: arXiv 1503.02531."""
    targets = F.log_softmax(_logits(wanted) / temperature, 1)
    return temperature**2 * F.kl_div(
        F.log_softmax(_logits(own) / temperature, 1), targets, reduction="batchmean", log_target=True
    )


def squared_error(own: Sequence[Tensor], wanted: Sequence[Tensor], spreads: Sequence[Tensor]) -> Tensor:
    """Mean over outputs of the squared difference in units of the original's variance."""
    pairs = zip(own, wanted, spreads, strict=True)
    errors = [(a - b).square().mean() / spread for a, b, spread in pairs if a.is_floating_point()]
    return torch.stack(errors).mean() if errors else torch.zeros(())


def detection(
    own: Sequence[Tensor], wanted: Sequence[Tensor], heads: Sequence[Head], scales: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Scores everywhere, boxes where the original sees an object; per unit of the original's confidence.

    Scores: binary cross-entropy less the original's own entropy. Boxes: smooth L1 in units of `scales`, or for bins
    the KL divergence (localization distillation, arXiv 2102.12252). Both are weighted by the original's confidence.
    """
    total, mass = torch.zeros(()), torch.zeros(())
    for head, scale in zip(heads, scales, strict=True):
        classes = _probabilities(head, wanted)
        confidence = _confidence(head, classes, wanted)
        mass = mass + confidence.sum()
        divergence = _divergence(head.classes.of(own), classes, logits=head.logits).sum(2)
        if head.objectness is not None:
            objectness = head.objectness.of(wanted)[..., 0].clamp(0, 1)
            seen = _divergence(head.objectness.of(own)[..., 0], objectness, logits=False)
            divergence = divergence * objectness + seen
        total = total + divergence.sum()
        for columns, spread in zip(head.numbers, scale, strict=True):
            difference = (columns.of(own) - columns.of(wanted)) / spread
            far = F.smooth_l1_loss(difference, torch.zeros_like(difference), reduction="none").mean(2)
            total = total + (far * confidence).sum()
        if head.bins is not None:
            far = _bins_divergence(head.bins.of(own), head.bins.of(wanted))
            total = total + (far * confidence).sum()
    return total / mass.clamp(min=float(len(own[0])))


def hints(own: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    """Mean over layers of the squared difference of features over their variance. Source: arXiv 1412.6550."""
    errors = [(own[name] - wanted[name]).square().mean() / _variance(wanted[name]) for name in wanted]
    return torch.stack(errors).mean()


def attention(own: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    """Mean over layers of the squared distance between attention maps. Source: arXiv 1612.03928.

    A map is the sum of squares over channels, of norm 1 over the image: the number of channels may differ.
    """
    errors = [(_map(own[name]) - _map(wanted[name])).square().sum(1).mean() for name in wanted]
    return torch.stack(errors).mean()


def relative_error(compressed: Network, original: Network, images: Tensor) -> float | None:
    """`squared_error` of the two networks on some images; None if it is not a finite number."""
    with torch.no_grad():
        wanted = original(images)
        error = float(squared_error(compressed(images), wanted, [_variance(output) for output in wanted]))
    return error if math.isfinite(error) else None


def _logits(values: Tensor) -> Tensor:
    """(B, C): the values, or their logarithms if they are distributions."""
    rows = values.flatten(1)
    distribution = bool((rows.detach() >= 0).all()) and bool(((rows.detach().sum(1) - 1).abs() < 1e-3).all())
    return rows.clamp(min=_TINY).log() if distribution else rows


def _probabilities(head: Head, rows: Sequence[Tensor]) -> Tensor:
    classes = head.classes.of(rows)
    return classes.sigmoid() if head.logits else classes.clamp(0, 1)


def _confidence(head: Head, classes: Tensor, rows: Sequence[Tensor]) -> Tensor:
    """(B, places): that of the best class, times objectness."""
    best = classes[..., head.background :].amax(2)
    return best if head.objectness is None else best * head.objectness.of(rows)[..., 0].clamp(0, 1)


def _divergence(own: Tensor, wanted: Tensor, *, logits: bool) -> Tensor:
    """Binary KL divergence of each entry from the wanted probability."""
    if logits:
        cross = F.binary_cross_entropy_with_logits(own, wanted, reduction="none")
    else:
        chance, wanted = (each.clamp(_TINY, 1 - _TINY) for each in (own, wanted))
        cross = -(wanted * chance.log() + (1 - wanted) * (1 - chance).log())
    entropy = -(torch.xlogy(wanted, wanted) + torch.xlogy(1 - wanted, 1 - wanted))
    return cross - entropy


def _bins_divergence(own: Tensor, wanted: Tensor) -> Tensor:
    """(B, places): mean over the four edges of the KL divergence of their distributions."""
    targets = F.log_softmax(wanted.reshape(*wanted.shape[:2], 4, -1), 3)
    logs = F.log_softmax(own.reshape(*own.shape[:2], 4, -1), 3)
    return (targets.exp() * (targets - logs)).sum(3).mean(2)


def _spread(rows: Sequence[Tensor], head: Head, columns: Columns) -> Tensor:
    """(columns,) standard deviation over places, weighted by confidence: that of boxes of objects."""
    weight = _confidence(head, _probabilities(head, rows), rows)[..., None]
    values = columns.of(rows)
    total = weight.sum().clamp(min=_TINY)
    mean = (values * weight).sum((0, 1)) / total
    deviation = (((values - mean).square() * weight).sum((0, 1)) / total).sqrt()
    return deviation.clamp(min=_TINY)


def _variance(values: Tensor) -> Tensor:
    return values.float().var(correction=0).clamp(min=_TINY)


def _map(features: Tensor) -> Tensor:
    return F.normalize(features.square().sum(1).flatten(1), dim=1)
