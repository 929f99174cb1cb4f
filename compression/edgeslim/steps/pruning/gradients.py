"""Backward passes from which importances are read: of the task's loss, or of the outputs where there are no labels.

At the network that is to be compressed, the distance to its own outputs has no gradient: it is zero, the least there
is. What tells how much a weight matters there is how far the outputs move to first order, and that is what random
projections of the outputs show: the mean square of their gradients over random signs is that of the whole Jacobian
(Hutchinson's estimator).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Loss
from edgeslim.steps.base import StepContext
from edgeslim.steps.images import evenly_spaced
from edgeslim.steps.needs import calibration_images, training_images
from edgeslim.steps.pruning.output_metric import metric_of
from edgeslim.steps.torch_network.running import Images, Network
from edgeslim.tasks.losses import required_loss
from edgeslim.training.data import SplitExamples, normalise


class Answers:
    """What a network says on images, each (1, C, H, W), and how changes of it are weighed."""

    def __init__(self, module: nn.Module, images: Sequence[Tensor], spec: ModelSpec) -> None:
        self.module, self.images = module, images
        self._network = Network(module, images[0])
        with torch.no_grad():
            self._reference = [self._network(image) for image in images]
        self._metric = metric_of(self._reference, spec)

    def passes(self, seed: int, step: str) -> Iterator[int]:
        """Yields the number of each image when the module holds the gradients of its outputs, randomly projected.

        Raises RecipeError (code 'no_gradients').
        """
        generator = torch.Generator().manual_seed(seed)
        for index, (image, reference) in enumerate(zip(self.images, self._reference, strict=True)):
            vectors = self._metric.vectors(self._network(image), reference)
            parts = [(each * _signs(each, generator)).sum() / each.numel() ** 0.5 for each in vectors]
            yield from _backward(self.module, torch.stack(parts).sum(), index, step)

    def moved(self, count: int) -> float:
        """How far the outputs of the module as it is now are from those it gave, over the first `count` images."""
        pairs = list(zip(self.images, self._reference, strict=True))[:count]
        with torch.no_grad():
            distances = [self._metric.distance(self._network(image), wanted) for image, wanted in pairs]
        return sum(distances) / len(distances)


def answers(module: nn.Module, context: StepContext, count: int, step: str) -> Answers:
    """On `count` calibration images, spread over the split. Raises RecipeError (code 'no_calibration_images')."""
    images = Images([calibration_images(context.calibration, step)], context.spec)
    return Answers(module, [images.take([i]) for i in evenly_spaced(len(images), count)], context.spec)


def passes(module: nn.Module, context: StepContext, signal: str, count: int, step: str) -> Iterator[int]:
    """Yields when the module holds the gradients of one image after the other, `count` of them.

    Raises RecipeError: 'no_calibration_images' ('outputs'); 'no_training_images', 'family_without_loss' ('labels');
    'no_gradients'.
    """
    if signal == "outputs":
        yield from answers(module, context, count, step).passes(context.seed, step)
        return
    split, loss = training_images(context.train, step), required_loss(context.spec)
    examples = SplitExamples(split, context.spec)
    for index in evenly_spaced(len(examples), count):
        yield from _backward(module, _loss_of(module, examples, index, context.spec, loss), index, step)


def _loss_of(module: nn.Module, examples: SplitExamples, index: int, spec: ModelSpec, loss: Loss) -> Tensor:
    pixels, targets = examples.take(torch.tensor([index]).numpy())
    outputs = module(normalise(torch.from_numpy(pixels).float(), spec))
    return loss([outputs] if isinstance(outputs, Tensor) else list(outputs), targets, spec)


def _backward(module: nn.Module, value: Tensor, index: int, step: str) -> Iterator[int]:
    if not value.requires_grad:
        raise RecipeError(
            "no_gradients",
            "Nothing in the network can be told from gradients: its outputs are counts or choices.",
            f"Choose an importance for '{step}' that looks at the weights alone, such as magnitude.",
            step=step,
        )
    module.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    yield index
    module.zero_grad(set_to_none=True)


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, like.shape, generator=generator).to(like) * 2 - 1
