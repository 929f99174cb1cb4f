"""The distillation objective: a student and its teacher on images, compared by losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.places import decoded
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.features import (
    LAYERS,
    InnerLoss,
    LayerPair,
    Regressor,
    attention,
    foreground_hint,
    hint,
    same_layers,
    same_places,
)
from edgeslim.steps.distillation.output_loss import OutputLoss, aligned_loss, objects_loss
from edgeslim.steps.images import evenly_spaced
from edgeslim.steps.torch_network.running import Images, Watch
from edgeslim.tasks.base import required_loss
from edgeslim.training.data import KEPT_BYTES
from edgeslim.training.network import Network

FITTED = 16
"""Images on which the maps between inner layers are fitted before training."""


class Teacher:
    """The teacher's outputs, cached per image as far as memory allows, and its watched features.

    `images` are prepared for the teacher.
    """

    def __init__(self, network: Network, images: Images, features: Sequence[str] = ()) -> None:
        self._network, self._images, self._features = network, images, features
        self._kept: dict[int, list[Tensor]] = {}
        self._room = KEPT_BYTES

    def outputs(self, indices: Sequence[int]) -> list[Tensor]:
        """Each (B, …)."""
        rows = [self._one(index) for index in indices]
        return [torch.cat(column) for column in zip(*rows, strict=True)]

    def outputs_and_features(self, indices: Sequence[int]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Features are recomputed each time: a cache would fill the memory."""
        if not self._features:
            return self.outputs(indices), {}
        with torch.no_grad(), Watch(self._network.module, self._features) as watch:
            outputs = self._network(self._images.take(indices))
            return outputs, watch.take()

    def _one(self, index: int) -> list[Tensor]:
        if index in self._kept:
            return self._kept[index]
        with torch.no_grad():
            outputs = self._network(self._images.take([index]))
        self._room -= sum(output.nbytes for output in outputs)
        if self._room >= 0:
            self._kept[index] = outputs
        return outputs


@dataclass(frozen=True, slots=True)
class DistillationObjective:
    """A student, its teacher and the losses between them, on images."""

    student: Network
    teacher: Teacher
    images: Images
    loss: OutputLoss
    inner: InnerLoss | None = None
    inner_weight: float = 0.0

    def on(self, indices: Sequence[int]) -> Tensor:
        """The loss on these images: of the outputs, plus that of inner layers if they are compared."""
        if self.inner is None:
            return self.outputs_on(indices)
        wanted, features = self.teacher.outputs_and_features(indices)
        with Watch(self.student.module, [pair.own for pair in self.inner.pairs]) as watch:
            value = self.loss(self.student(self.images.take(indices)), wanted)
            return value + self.inner_weight * self.inner(watch.take(), features, wanted)

    def outputs_on(self, indices: Sequence[int]) -> Tensor:
        return self.loss(self.student(self.images.take(indices)), self.teacher.outputs(indices))

    def evaluate(self, indices: Sequence[int], batch: int) -> float:
        """Mean output loss over these images, without gradients; inner layers do not count."""
        parts = [indices[start : start + batch] for start in range(0, len(indices), batch)]
        with torch.no_grad():
            return sum(float(self.outputs_on(part)) * len(part) for part in parts) / len(indices)


@dataclass(frozen=True, slots=True)
class Side:
    """Student or teacher: its network, the images prepared for it, its specification."""

    module: fx.GraphModule
    images: Images
    spec: ModelSpec


def objective_for(
    student: Side,
    teacher: Side,
    training: Sequence[int],
    held_out: Sequence[int],
    config: DistillationConfig,
    step: str,
    *,
    related: bool,
) -> tuple[str, DistillationObjective]:
    """The name of the output loss, and the objective.

    `related`: the student is the compressed teacher, so that their layers correspond by name.
    Raises RecipeError: 'teacher_outputs', 'no_common_layers', 'no_boxes_decoded'.
    """
    own, wanted = (side.images.take(held_out[:1]) for side in (student, teacher))
    pupil, master = Network(student.module, own), Network(teacher.module, wanted)
    pairs = _pairs(student, teacher, (own, wanted), config, step, related=related)
    source = Teacher(master, teacher.images, [pair.wanted for pair in pairs])
    reference = source.outputs(held_out)
    name, loss = _output_loss(pupil, own, reference, student.spec, teacher.spec, config, step)
    if not pairs:
        return name, DistillationObjective(pupil, source, student.images, loss)
    if config.features == "foreground" and decoded(reference, teacher.spec) is None:
        raise RecipeError("no_boxes_decoded", step=step)
    maps = _maps(pupil, master, student.images, teacher.images, pairs, training[:FITTED], config, related)
    measure = {"hints": hint, "attention": attention}.get(config.features) or foreground_hint(teacher.spec)
    inner = InnerLoss(pairs, maps, measure)
    return name, DistillationObjective(pupil, source, student.images, loss, inner, config.feature_weight)


def _output_loss(
    pupil: Network,
    images: Tensor,
    reference: Sequence[Tensor],
    spec: ModelSpec,
    teacher: ModelSpec,
    config: DistillationConfig,
    step: str,
) -> tuple[str, OutputLoss]:
    if spec.task == "detection" and config.match == "objects":
        return "objects", objects_loss(spec, teacher, required_loss(spec))
    with torch.no_grad():
        own = pupil(images)
    return aligned_loss(own, reference, spec, teacher, config, step)


def _pairs(
    student: Side,
    teacher: Side,
    images: tuple[Tensor, Tensor],
    config: DistillationConfig,
    step: str,
    *,
    related: bool,
) -> list[LayerPair]:
    """Pairs of layers to compare; all but hints require maps of the image."""
    if config.features == "none":
        return []
    if related:
        found = same_layers(student.module, teacher.module, images[0])
    else:
        found = same_places(student.module, teacher.module, images)
    if config.features != "hints":
        found = [pair for pair in found if pair.is_map]
    if not found:
        raise RecipeError("no_common_layers", features=config.features, step=step)
    return [found[index] for index in evenly_spaced(len(found), LAYERS)]


def _maps(
    pupil: Network,
    master: Network,
    own_images: Images,
    images: Images,
    pairs: Sequence[LayerPair],
    indices: Sequence[int],
    config: DistillationConfig,
    related: bool,
) -> list[Regressor | None]:
    """Maps between the channels of each pair; None where channels correspond, or only their strength is compared."""
    if config.features == "attention":
        return [None] * len(pairs)
    with (
        torch.no_grad(),
        Watch(pupil.module, [pair.own for pair in pairs]) as own,
        Watch(master.module, [pair.wanted for pair in pairs]) as wanted,
    ):
        pupil(own_images.take(indices))
        master(images.take(indices))
        mine, theirs = own.take(), wanted.take()
    return [
        None
        if related and mine[pair.own].shape == theirs[pair.wanted].shape
        else Regressor(mine[pair.own], theirs[pair.wanted], pair.axis)
        for pair in pairs
    ]
