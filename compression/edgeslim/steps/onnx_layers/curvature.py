"""How much an error at each channel of a layer raises the distillation loss: its curvature at the original network.

There the loss is zero and has no gradient, and what counts is its second derivative. Random projections of the outputs,
weighted by the loss's own curvature, have gradients whose mean square is the diagonal of the Gauss-Newton matrix.
Sources: Martens 2020, arXiv 1412.1193 (Gauss-Newton and Fisher); Dong et al. 2020, arXiv 1911.03852 (bit widths by the
trace of the Hessian).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import onnx
import torch
from torch import Tensor, nn

from edgeslim.detections import Doubles
from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import HeadColumns
from edgeslim.models.families.places import class_probabilities, label_scores, rows_and_heads
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps.base import StepContext
from edgeslim.steps.distillation.box_loss import BOX_WEIGHT, spread
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.output_loss import logits_of, variance
from edgeslim.steps.images import calibration_images, evenly_spaced
from edgeslim.steps.onnx_layers.layers import WeightLayer
from edgeslim.steps.onnx_layers.learning import learnable
from edgeslim.steps.torch_network.running import Images
from edgeslim.training.device import reproducible
from edgeslim.training.network import Network

IMAGES = 40
DRAWS = 2
"""Random projections of each image's outputs."""
_REFERENCE = 8
"""Images by which the units of box numbers are measured."""
_TINY = 1e-6


def channel_curvature(
    model: onnx.ModelProto, layers: Sequence[WeightLayer], context: StepContext, step: str
) -> dict[str, Doubles]:
    """By name of the weight (rows,): what a mean squared error of 1 at each output channel adds to the loss.

    Layers that correspond to no torch layer of their own are left out. Raises RecipeError (codes 'no_curvature',
    'no_calibration_images'), and ModelError for operators unknown to torch_graph.
    """
    network = to_torch(model).requires_grad_(False)
    images = Images([calibration_images(context.calibration, step)], context.spec)
    chosen = evenly_spaced(len(images), IMAGES)
    squares: dict[str, Tensor] = {}
    nodes = {node.name: node for node in network.graph.nodes}
    with ExitStack() as stack, reproducible(context.seed, context.threads):
        runs = Network(network, images.take(chosen[:1]))
        with torch.no_grad():
            reference = [runs(images.take([index])) for index in evenly_spaced(len(images), _REFERENCE)]
        projection = Projection.of(reference, context.spec)
        for layer in learnable(model, layers):
            module = network.get_submodule(str(nodes[network.meta["nodes"][layer.output]].target))
            stack.callback(module.register_forward_hook(_adding(squares, layer.name)).remove)
        generator, mass = torch.Generator().manual_seed(context.seed), 0.0
        for done, index in enumerate(chosen):
            context.progress("gradients", done, len(chosen))
            outputs = runs(images.take([index]).requires_grad_(True))
            mass += projection.mass(outputs)
            for draw in range(DRAWS):
                value = projection.sampled(outputs, generator)
                if value.requires_grad:
                    value.backward(retain_graph=draw < DRAWS - 1)  # type: ignore[no-untyped-call]
    if not sum(float(total.sum()) for total in squares.values()) > 0:
        raise _no_curvature(step)
    return {name: (total / (2 * DRAWS * mass)).numpy() for name, total in squares.items()}


def _adding(squares: dict[str, Tensor], name: str) -> Callable[[nn.Module, object, Tensor], None]:
    """A hook that adds up, by output channel, the squared gradients of a layer's output."""

    def add(gradient: Tensor) -> None:
        axis = 1 if gradient.dim() in (2, 4) else gradient.dim() - 1
        found = gradient.double().square().movedim(axis, 0).flatten(1).sum(1)
        squares[name] = squares[name] + found if name in squares else found

    def hook(_: nn.Module, inputs: object, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(add)  # type: ignore[no-untyped-call]

    return hook


@dataclass(frozen=True, slots=True)
class Projection:
    """Random projections of outputs (1, …) whose squared gradients are, on average, the curvature of the loss.

    The losses are those of `output_loss`, with box overlaps replaced by box numbers and scores weighted by confidence:
    the background's scores, though small, are so many that they would decide (PicoDet-S lost two points more of mAP).
    """

    spec: ModelSpec
    units: tuple[tuple[Tensor, ...], ...]
    """Of each head's numbers: their spread (columns,)."""
    variances: tuple[Tensor, ...]
    """Of each output, where there are no heads."""

    @staticmethod
    def of(reference: Sequence[Sequence[Tensor]], spec: ModelSpec) -> Projection:
        joined = [torch.cat(column) for column in zip(*reference, strict=True)]
        found = rows_and_heads(joined, spec)
        rows, heads = found if found is not None else ([], ())
        units = tuple(tuple(spread(rows, head, each) for each in head.numbers) for head in heads)
        return Projection(spec, units, tuple(variance(output) for output in joined))

    def mass(self, outputs: Sequence[Tensor]) -> float:
        """What the loss of these outputs is divided by."""
        found = rows_and_heads([output.detach() for output in outputs], self.spec)
        if found is None:
            return 1.0
        return max(1.0, sum(float(_confidence(head, found[0]).sum()) for head in found[1]))

    def sampled(self, outputs: Sequence[Tensor], generator: torch.Generator) -> Tensor:
        found = rows_and_heads(outputs, self.spec)
        if found is not None:
            heads = zip(found[1], self.units, strict=True)
            return torch.stack([_of_head(head, found[0], unit, generator) for head, unit in heads]).sum()
        if self.spec.task == "classification" and len(outputs) == 1 and outputs[0].flatten(1).shape[1] > 1:
            softness = torch.tensor(DistillationConfig().temperature)
            return _of_distribution(logits_of(outputs[0]) / softness, softness.square(), generator)
        pairs = [pair for pair in zip(outputs, self.variances, strict=True) if pair[0].is_floating_point()]
        parts = [
            (_signs(output, generator) * output).sum() * (2 / (unit * output.numel() * len(pairs))).sqrt()
            for output, unit in pairs
        ]
        return torch.stack(parts).sum() if parts else torch.zeros(())


def _of_head(
    head: HeadColumns, rows: Sequence[Tensor], units: Sequence[Tensor], generator: torch.Generator
) -> Tensor:
    confidence = _confidence(head, [row.detach() for row in rows])
    classes, boxes = class_probabilities(head, rows), BOX_WEIGHT * confidence
    weight = torch.ones(())
    parts = []
    if head.objectness is not None:
        objectness = head.objectness.of(rows)
        parts.append(_of_chances(objectness, confidence[..., None], generator))
        weight = objectness.detach().clamp(0, 1)
    parts.append(_of_chances(classes, weight * confidence[..., None], generator))
    for columns, unit in zip(head.numbers, units, strict=True):
        values = columns.of(rows) / unit
        parts.append((_signs(values, generator) * values * (boxes[..., None] / columns.width).sqrt()).sum())
    if head.bins is not None:
        bins = head.bins.of(rows)
        edges = bins.reshape(*bins.shape[:2], 4, -1)
        parts.append(_of_distribution(edges, (boxes / 4)[..., None, None], generator))
    return torch.stack(parts).sum()


def _of_chances(chance: Tensor, weight: Tensor, generator: torch.Generator) -> Tensor:
    """The curvature of a binary divergence is 1 / (p (1 - p))."""
    at = chance.detach().clamp(_TINY, 1 - _TINY)
    return (_signs(chance, generator) * chance * (weight / (at * (1 - at))).sqrt()).sum()


def _of_distribution(logits: Tensor, weight: Tensor, generator: torch.Generator) -> Tensor:
    """The curvature of the divergence of softmax distributions is the covariance of one-hot samples from them."""
    chances = logits.detach().softmax(-1)
    drawn = torch.multinomial(chances.reshape(-1, chances.shape[-1]), 1, generator=generator)
    hot = torch.zeros_like(chances).scatter_(-1, drawn.reshape(*chances.shape[:-1], 1), 1.0)
    signs = _signs(chances[..., :1], generator)
    return ((hot - chances) * signs * weight.sqrt() * logits).sum()


def _confidence(head: HeadColumns, rows: Sequence[Tensor]) -> Tensor:
    """(B, places): score of the best class, times objectness."""
    return label_scores(head, rows).amax(2)


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, like.shape, generator=generator).to(like) * 2 - 1


def _no_curvature(step: str) -> RecipeError:
    return RecipeError(
        "no_curvature",
        "The network's outputs are counts or choices: they have no gradient.",
        f"Choose sensitivity = error for '{step}'.",
        step=step,
    )
