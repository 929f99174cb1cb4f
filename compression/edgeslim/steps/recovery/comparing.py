"""A student and its teacher brought together: which outputs and inner layers are compared, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.steps.images import evenly_spaced
from edgeslim.steps.recovery.config import Signal
from edgeslim.steps.recovery.features import LAYERS, Pair, same_layers, same_places
from edgeslim.steps.recovery.losses.inner import InnerLoss, Regressor, attention, foreground_hint, hint
from edgeslim.steps.recovery.losses.objects import objects_loss
from edgeslim.steps.recovery.losses.outputs import OutputLoss, aligned_loss
from edgeslim.steps.recovery.objective import DistillationObjective, Teacher
from edgeslim.steps.torch_network.decoding import decoded
from edgeslim.steps.torch_network.running import Images, Network, Watch
from edgeslim.tasks.losses import required_loss

FITTED = 16
"""Images on which the maps between inner layers begin."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its network, the images as it takes them, its specification."""

    module: fx.GraphModule
    images: Images
    spec: ModelSpec


def lesson_of(
    student: Side,
    teacher: Side,
    learned: Sequence[int],
    held_out: Sequence[int],
    signal: Signal,
    step: str,
    *,
    related: bool,
) -> tuple[str, DistillationObjective]:
    """The name of the output loss, and what is compared.

    `related`: the student is the teacher, compressed, so that their layers correspond by name.
    Raises RecipeError: 'teacher_outputs', 'no_common_layers', 'no_boxes_decoded'.
    """
    own, wanted = (side.images.take(held_out[:1]) for side in (student, teacher))
    pupil, master = Network(student.module, own), Network(teacher.module, wanted)
    pairs = _pairs(student, teacher, (own, wanted), signal, step, related=related)
    source = Teacher(master, teacher.images, [pair.wanted for pair in pairs])
    reference = source.outputs(held_out)
    name, loss = _output_loss(pupil, own, reference, student.spec, teacher.spec, signal, step)
    if not pairs:
        return name, DistillationObjective(pupil, source, student.images, loss)
    if signal.features == "foreground" and decoded(reference, teacher.spec) is None:
        raise _no_boxes(step)
    maps = _maps(pupil, master, student.images, teacher.images, pairs, learned[:FITTED], signal, related)
    measure = {"hints": hint, "attention": attention}.get(signal.features) or foreground_hint(teacher.spec)
    inner = InnerLoss(pairs, maps, measure)
    return name, DistillationObjective(pupil, source, student.images, loss, inner, signal.feature_weight)


def _output_loss(
    pupil: Network,
    images: Tensor,
    reference: Sequence[Tensor],
    spec: ModelSpec,
    teacher: ModelSpec,
    signal: Signal,
    step: str,
) -> tuple[str, OutputLoss]:
    if spec.task == "detection" and signal.match == "objects":
        return "objects", objects_loss(spec, teacher, required_loss(spec))
    with torch.no_grad():
        own = pupil(images)
    return aligned_loss(own, reference, spec, teacher, signal, step)


def _pairs(
    student: Side,
    teacher: Side,
    images: tuple[Tensor, Tensor],
    signal: Signal,
    step: str,
    *,
    related: bool,
) -> list[Pair]:
    """Layers to compare; maps over the image are needed but for hints."""
    if signal.features == "none":
        return []
    if related:
        found = same_layers(student.module, teacher.module, images[0])
    else:
        found = same_places(student.module, teacher.module, images)
    if signal.features != "hints":
        found = [pair for pair in found if pair.is_map]
    if not found:
        raise RecipeError(
            "no_common_layers",
            f"No inner layers of the two networks can be compared by '{signal.features}'.",
            "Choose features = none: the outputs alone can always be compared.",
            features=signal.features,
            step=step,
        )
    return [found[index] for index in evenly_spaced(len(found), LAYERS)]


def _maps(
    pupil: Network,
    master: Network,
    own_images: Images,
    images: Images,
    pairs: Sequence[Pair],
    indices: Sequence[int],
    signal: Signal,
    related: bool,
) -> list[Regressor | None]:
    """Between the channels of each pair; None where they are the same ones, or only their strength counts."""
    if signal.features == "attention":
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


def _no_boxes(step: str) -> RecipeError:
    return RecipeError(
        "no_boxes_decoded",
        "There is no foreground to look at: the teacher gives no boxes, or its family is unknown.",
        "Choose features = hints, or give the model's family in its specification.",
        step=step,
    )
