"""Backward passes for gradient-based importance: of the task loss, or of the outputs where there are no labels.

The distance of a network from its own outputs is zero, its minimum, and has no gradient. Instead, importance is measured
by the first-order change of the outputs, which random projections of the outputs give: the mean square of their
gradients over random signs is that of the whole Jacobian (Hutchinson's estimator).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Columns, HeadColumns, Loss
from edgeslim.models.families.places import class_probabilities, label_scores, rows_and_heads
from edgeslim.steps.base import StepContext
from edgeslim.steps.images import calibration_images, evenly_spaced, training_images
from edgeslim.steps.torch_network.running import Images
from edgeslim.tasks.base import required_loss
from edgeslim.training.data import SplitExamples, normalise
from edgeslim.training.network import Network

_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class OutputMetric:
    """A distance between outputs in comparable units.

    For a detector of a known family: class probabilities, objectness and box numbers, each kind with equal weight; boxes
    are weighted by the confidence of the uncompressed network. For any other network: each output with equal weight.
    """

    spec: ModelSpec
    heads: tuple[HeadColumns, ...]
    units: tuple[Tensor, ...]
    """Standard deviation of each kind, of each column for boxes; without heads, of each output."""
    confidence: float
    """Mean confidence over all places."""

    def vectors(self, outputs: Sequence[Tensor], reference: Sequence[Tensor]) -> list[Tensor]:
        """Outputs (B, …) as vectors (B, n), one per kind; their mean square is of the order of 1.

        `reference`: the uncompressed network's outputs for the same images. Gradients flow through `outputs`.
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
        """Mean square of the difference, over kinds and images: 1 is the spread of the outputs themselves."""
        pairs = zip(self.vectors(outputs, reference), self.vectors(reference, reference), strict=True)
        return float(torch.stack([(own - wanted).square().mean() for own, wanted in pairs]).mean())


def metric_of(reference: Sequence[Sequence[Tensor]], spec: ModelSpec) -> OutputMetric:
    """The metric for a network whose outputs (1, …) for each of some images are `reference`."""
    joined = [torch.cat(column).detach() for column in zip(*reference, strict=True)]
    found = rows_and_heads(joined, spec)
    heads = found[1] if found is not None else ()
    kinds = _kinds(joined, spec, heads)
    weights = _weights(joined, spec, heads, len(kinds))
    confidence = next((float(weight.mean()) for weight in weights if weight is not None), 1.0)
    units = tuple(_spread(values, weight) for values, weight in zip(kinds, weights, strict=True))
    return OutputMetric(spec, heads, units, max(confidence, _TINY))


def _kinds(outputs: Sequence[Tensor], spec: ModelSpec, heads: Sequence[HeadColumns]) -> list[Tensor]:
    """(B, places, columns) of each kind: class scores, objectness if there is one, then box columns."""
    if not heads:
        return [
            output[:, None] if output.dim() < 2 else output
            for output in outputs
            if output.is_floating_point()
        ]
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
    """(B, places) of each kind: the network's confidence for boxes, None for equal weights."""
    if not heads:
        return [None] * kinds
    rows = _rows(reference, spec)
    confidence = torch.cat([label_scores(head, rows).amax(2) for head in heads], 1).detach()
    scores = 1 if heads[0].objectness is None else 2
    return [*[None] * scores, *[confidence] * (kinds - scores)]


def _spread(values: Tensor, weight: Tensor | None) -> Tensor:
    """Standard deviation over everything or, with weights of the places, of each column."""
    if weight is None:
        return values.std(correction=0).clamp(min=_TINY)
    share = weight[..., None] / weight.sum().clamp(min=_TINY)
    mean = (values * share).sum((0, 1))
    return ((values - mean).square() * share).sum((0, 1)).sqrt().clamp(min=_TINY)


class OutputProbe:
    """A network on images, each (1, C, H, W): gradients of its outputs, and the distance from its first outputs."""

    def __init__(self, module: nn.Module, images: Sequence[Tensor], spec: ModelSpec) -> None:
        self.module, self.images = module, images
        self._network = Network(module, images[0])
        with torch.no_grad():
            self._reference = [self._network(image) for image in images]
        self._metric = metric_of(self._reference, spec)

    def passes(self, seed: int, step: str) -> Iterator[int]:
        """Yields the index of each image while the module holds the gradients of a random projection of its outputs.

        Raises RecipeError (code 'no_gradients').
        """
        generator = torch.Generator().manual_seed(seed)
        for index, (image, reference) in enumerate(zip(self.images, self._reference, strict=True)):
            vectors = self._metric.vectors(self._network(image), reference)
            parts = [(each * _signs(each, generator)).sum() / each.numel() ** 0.5 for each in vectors]
            yield from _backward(self.module, torch.stack(parts).sum(), index, step)

    def moved(self, count: int) -> float:
        """Mean distance of the module's present outputs from its first ones, over the first `count` images."""
        pairs = list(zip(self.images, self._reference, strict=True))[:count]
        with torch.no_grad():
            distances = [self._metric.distance(self._network(image), wanted) for image, wanted in pairs]
        return sum(distances) / len(distances)


def output_probe(module: nn.Module, context: StepContext, count: int, step: str) -> OutputProbe:
    """The probe on `count` calibration images, spread over the split. Raises RecipeError ('no_calibration_images')."""
    images = Images([calibration_images(context.calibration, step)], context.spec)
    return OutputProbe(module, [images.take([i]) for i in evenly_spaced(len(images), count)], context.spec)


def passes(module: nn.Module, context: StepContext, signal: str, count: int, step: str) -> Iterator[int]:
    """Yields the index of each of `count` images while the module holds its gradients.

    Raises RecipeError: 'no_calibration_images' ('outputs'); 'no_training_images', 'family_without_loss' ('labels');
    'no_gradients'.
    """
    if signal == "outputs":
        for index in output_probe(module, context, count, step).passes(context.seed, step):
            context.progress("gradients", index, count)
            yield index
        return
    split, loss = training_images(context.train, step), required_loss(context.spec)
    examples = SplitExamples(split, context.spec)
    for done, index in enumerate(evenly_spaced(len(examples), count)):
        context.progress("gradients", done, count)
        yield from _backward(module, _loss_of(module, examples, index, context.spec, loss), index, step)


def _loss_of(module: nn.Module, examples: SplitExamples, index: int, spec: ModelSpec, loss: Loss) -> Tensor:
    pixels, targets = examples.take(torch.tensor([index]).numpy())
    outputs = module(normalise(torch.from_numpy(pixels).float(), spec))
    return loss([outputs] if isinstance(outputs, Tensor) else list(outputs), targets, spec)


def _backward(module: nn.Module, value: Tensor, index: int, step: str) -> Iterator[int]:
    if not value.requires_grad:
        raise RecipeError("no_gradients", step=step)
    module.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    yield index
    module.zero_grad(set_to_none=True)


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, like.shape, generator=generator).to(like) * 2 - 1
