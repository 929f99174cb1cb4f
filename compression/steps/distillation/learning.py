"""The training loop of distillation: Adam along a cosine, judged on held-out images, the best state kept.

A rate that is too high for a network shows in the held-out images at once; so it is lowered there, not guessed before.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from compression.progress import Progress
from compression.steps.distillation.losses import OutputLoss
from compression.steps.distillation.network import Images, Network, Watch
from compression.training.data import KEPT_BYTES, batch_order
from compression.training.loop import LARGEST_GRADIENT, LAST_RATE, zero_masks

JUDGED = 10
"""How often the held-out images are looked at during the run."""
BACK_OFF = 0.25
"""When they got no better, the run goes on from the best state with its learning rate times this."""

FeatureLoss = Callable[[dict[str, Tensor], dict[str, Tensor]], Tensor]
LabelLoss = Callable[[int], Tensor]
"""Step → the task's own loss of the network on a labelled batch, times its weight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    steps: int
    batch: int
    learning_rate: float
    patience: int
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """Losses on the held-out images: of the start and of the best state. `best_step` 0 is the start."""

    before: float
    after: float
    best_step: int
    steps: int
    """Steps really made."""
    stopped: str
    """'end', 'patience' (no gain for so long), or 'diverged' (a loss that is no finite number)."""


class Teacher:
    """The original: its outputs, computed once an image as far as memory goes, and the features watched."""

    def __init__(self, network: Network, images: Images, features: Sequence[str]) -> None:
        self._network, self._images, self._features = network, images, features
        self._kept: dict[int, list[Tensor]] = {}
        self._room = KEPT_BYTES

    def outputs(self, indices: Sequence[int]) -> list[Tensor]:
        """Each (B, …)."""
        rows = [self._one(index) for index in indices]
        return [torch.cat(column) for column in zip(*rows, strict=True)]

    def outputs_and_features(self, indices: Sequence[int]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Features are computed anew each time: they would fill the memory."""
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
class Lesson:
    """What is compared: the compressed network with its teacher on images, by losses."""

    student: Network
    teacher: Teacher
    images: Images
    loss: OutputLoss
    features: tuple[str, ...]
    feature_loss: FeatureLoss
    feature_weight: float

    def on(self, indices: Sequence[int]) -> Tensor:
        """The loss on these images."""
        wanted, features = self.teacher.outputs_and_features(indices)
        with Watch(self.student.module, self.features) as watch:
            value = self.loss(self.student(self.images.take(indices)), wanted)
            if self.features:
                value = value + self.feature_weight * self.feature_loss(watch.take(), features)
        return value

    def judged(self, indices: Sequence[int], batch: int) -> float:
        """Mean over these images, without gradients."""
        parts = [indices[start : start + batch] for start in range(0, len(indices), batch)]
        with torch.no_grad():
            return sum(float(self.on(part)) * len(part) for part in parts) / len(indices)


def learn(
    lesson: Lesson,
    parameters: Sequence[nn.Parameter],
    learned: Sequence[int],
    held_out: Sequence[int],
    schedule: Schedule,
    label_loss: LabelLoss | None,
    progress: Progress,
) -> Result:
    """Train `parameters` on the images `learned`; at the end the network is in the state best on `held_out`.

    That is the start if nothing was better. Weights that are zero stay zero.
    """
    module = lesson.student.module
    masks = [(parameter, mask) for parameter, mask in zero_masks(module) if parameter.requires_grad]
    optimizer = torch.optim.Adam(parameters)
    batch = min(schedule.batch, len(learned))
    order = batch_order(len(learned), batch, schedule.seed)
    every = max(1, schedule.steps // JUDGED)
    before = best = lesson.judged(held_out, batch)
    best_step, kept = 0, copy.deepcopy(module.state_dict())
    step, stopped, part = 0, "end", 1.0
    while step < schedule.steps:
        value = lesson.on([learned[place] for place in order(step).tolist()])
        if label_loss is not None:
            value = value + label_loss(step)
        if not math.isfinite(float(value.detach())):
            stopped = "diverged"
            break
        for group in optimizer.param_groups:
            group["lr"] = part * _rate(step, schedule)
        optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        optimizer.step()
        with torch.no_grad():
            for parameter, mask in masks:
                parameter.mul_(mask)
        step += 1
        progress("training", step, schedule.steps)
        if step % every == 0 or step == schedule.steps:
            now = lesson.judged(held_out, batch)
            if now < best or (math.isfinite(now) and not math.isfinite(best)):
                best, best_step, kept = now, step, copy.deepcopy(module.state_dict())
            elif step - best_step >= schedule.patience * every and step < schedule.steps:
                stopped = "patience"
                break
            else:
                module.load_state_dict(kept)
                optimizer, part = torch.optim.Adam(parameters), part * BACK_OFF
    module.load_state_dict(kept)
    return Result(before, best, best_step, step, stopped)


def _rate(step: int, schedule: Schedule) -> float:
    """A half cosine down to LAST_RATE of the peak, after a rise over the first twentieth."""
    rise = min(1.0, (step + 1) / max(1, schedule.steps // 20))
    fall = (1 + math.cos(math.pi * step / schedule.steps)) / 2
    return schedule.learning_rate * rise * (LAST_RATE + (1 - LAST_RATE) * fall)
