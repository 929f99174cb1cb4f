"""How far apart two answers of a network are: vectors in which equal distances matter alike, whatever the family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Columns, HeadColumns
from edgeslim.steps.torch_network.decoding import class_probabilities, label_scores, rows_and_heads

_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class OutputMetric:
    """Of a detector of a known family: class probabilities, objectness and box numbers, each kind counting alike.

    Boxes count where the uncompressed network sees an object. Of any other network: each output alike.
    """

    spec: ModelSpec
    heads: tuple[HeadColumns, ...]
    units: tuple[Tensor, ...]
    """Spread of each kind, of each column for boxes; without heads, of each output."""
    confidence: float
    """Mean over all places."""

    def vectors(self, outputs: Sequence[Tensor], reference: Sequence[Tensor]) -> list[Tensor]:
        """Outputs (B, …) as vectors (B, n), one a kind; their mean square is of the order of 1.

        `reference` are the uncompressed network's outputs for the same images. Gradients flow through `outputs`.
        """
        kinds = _kinds(outputs, self.spec, self.heads)
        weights = _weights(reference, self.spec, self.heads, len(kinds))
        found = []
        for values, weight, unit in zip(kinds, weights, self.units, strict=True):
            scaled = values / unit
            if weight is not None:
                scaled = scaled * (weight / self.confidence).sqrt()[..., None]
            found.append(scaled.flatten(1))
        return found

    def distance(self, outputs: Sequence[Tensor], reference: Sequence[Tensor]) -> float:
        """Mean square of the difference, over kinds and images: 1 is as far as answers are spread."""
        pairs = zip(self.vectors(outputs, reference), self.vectors(reference, reference), strict=True)
        return float(torch.stack([(own - wanted).square().mean() for own, wanted in pairs]).mean())


def metric_of(reference: Sequence[Sequence[Tensor]], spec: ModelSpec) -> OutputMetric:
    """The metric for a network that gave `reference`: its outputs (1, …) for each of some images."""
    joined = [torch.cat(column).detach() for column in zip(*reference, strict=True)]
    found = rows_and_heads(joined, spec)
    heads = found[1] if found is not None else ()
    kinds = _kinds(joined, spec, heads)
    weights = _weights(joined, spec, heads, len(kinds))
    confidence = next((float(weight.mean()) for weight in weights if weight is not None), 1.0)
    units = tuple(_spread(values, weight) for values, weight in zip(kinds, weights, strict=True))
    return OutputMetric(spec, heads, units, max(confidence, _TINY))


def _kinds(outputs: Sequence[Tensor], spec: ModelSpec, heads: Sequence[HeadColumns]) -> list[Tensor]:
    """(B, places, columns) of each kind: class scores, objectness if there is one, then what tells boxes."""
    if not heads:
        return [output[:, None] if output.dim() < 2 else output for output in outputs if _counts(output)]
    rows = _rows(outputs, spec)
    kinds = [torch.cat([class_probabilities(head, rows) for head in heads], 1)]
    objectness = [head.objectness.of(rows) for head in heads if head.objectness is not None]
    kinds += [torch.cat(objectness, 1)] if objectness else []
    return [
        *kinds,
        *(torch.cat(each, 1) for each in zip(*(_boxes(head, rows) for head in heads), strict=True)),
    ]


def _rows(outputs: Sequence[Tensor], spec: ModelSpec) -> list[Tensor]:
    found = rows_and_heads(outputs, spec)
    assert found is not None, "outputs keep their shapes"
    return found[0]


def _boxes(head: HeadColumns, rows: Sequence[Tensor]) -> list[Tensor]:
    numbers = [columns.of(rows) for columns in head.numbers]
    return numbers if head.bins is None else [*numbers, _expected(head.bins, rows)]


def _expected(bins: Columns, rows: Sequence[Tensor]) -> Tensor:
    """(B, places, 4): the mean of each edge's distribution over its bins, in bins."""
    values: Tensor = bins.of(rows)
    chances = values.reshape(*values.shape[:2], 4, -1).softmax(-1)
    return (chances * torch.arange(chances.shape[-1], device=chances.device)).sum(-1)


def _weights(
    reference: Sequence[Tensor], spec: ModelSpec, heads: Sequence[HeadColumns], kinds: int
) -> list[Tensor | None]:
    """(B, places) of each kind: the network's confidence for boxes, None where all places count alike."""
    if not heads:
        return [None] * kinds
    rows = _rows(reference, spec)
    confidence = torch.cat([label_scores(head, rows).amax(2) for head in heads], 1).detach()
    scores = 1 if heads[0].objectness is None else 2
    return [*[None] * scores, *[confidence] * (kinds - scores)]


def _spread(values: Tensor, weight: Tensor | None) -> Tensor:
    """Standard deviation: of everything, or with a weight of each column."""
    if weight is None:
        return values.std(correction=0).clamp(min=_TINY)
    share = weight[..., None] / weight.sum().clamp(min=_TINY)
    mean = (values * share).sum((0, 1))
    return ((values - mean).square() * share).sum((0, 1)).sqrt().clamp(min=_TINY)


def _counts(output: Tensor) -> bool:
    return output.is_floating_point()
