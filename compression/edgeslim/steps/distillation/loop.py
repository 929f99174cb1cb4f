"""The training loop of recovery: Adam along a cosine, judged on held-out images, the best state kept.

A rate that is too high for a network shows in the held-out images at once; so it is lowered there, not guessed before.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgeslim.progress import Progress
from edgeslim.steps.distillation.objective import DistillationObjective
from edgeslim.steps.images import evenly_spaced
from edgeslim.steps.torch_network.units import NORMS
from edgeslim.training.data import batch_order
from edgeslim.training.loop import LARGEST_GRADIENT, LAST_RATE
from edgeslim.training.observer import Observer, zero_masks


def fitting_steps(
    seconds: float, step: Callable[[], object], judge: Callable[[], object], judgements: int, epoch: int
) -> int:
    """At least one. `step` and `judge` are rehearsed and timed; they must change nothing.

    A step costs more in the first `epoch` steps, when images are read and the teacher looks at them for the first time.
    """
    judged = min(_seconds(judge), _seconds(judge))
    first = _seconds(step)
    again = min(_seconds(step), _seconds(step))
    left = seconds - judgements * judged
    fit = left / first if left < epoch * first else epoch + (left - epoch * first) / again
    return max(1, math.floor(fit))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Norms:
    """The BatchNorms of a network whose parameters learn, if there are several images to a batch."""

    def __init__(self, module: nn.Module, *, batched: bool) -> None:
        self._module = module
        self._norms = [
            norm
            for norm in module.modules()
            if isinstance(norm, NORMS) and batched and norm.track_running_stats and norm.weight.requires_grad
        ]

    @staticmethod
    def none() -> Norms:
        return Norms(nn.Identity(), batched=False)

    def __len__(self) -> int:
        return len(self._norms)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Each batch is normalised by its own statistics, and the running ones follow."""
        for norm in self._norms:
            norm.train()
        try:
            yield
        finally:
            for norm in self._norms:
                norm.eval()

    def measure(self, batches: Iterable[Tensor]) -> None:
        """Set the running statistics to the mean over these batches."""
        momenta = [norm.momentum for norm in self._norms]
        for norm in self._norms:
            norm.reset_running_stats()
            norm.momentum = None  # torch's way to say: the plain average
        with torch.no_grad(), self.following():
            for batch in batches:
                self._module(batch)
        for norm, momentum in zip(self._norms, momenta, strict=True):
            norm.momentum = momentum


JUDGED = 10
"""How often the held-out images are looked at during the run."""
MEASURED = 64
"""Images over which batch statistics are taken before the run."""
BACK_OFF = 0.25
"""When they got no better, the run goes on from the best state with its learning rate times this."""

LabelLoss = Callable[[int], Tensor]
"""Step → the task's own loss of the network on a labelled batch, times its weight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistillationSchedule:
    steps: int
    batch: int
    learning_rate: float
    patience: int
    seed: int
    seconds: float = 0.0
    """Budget of wall time: the speed is measured first, and `steps` cut to what fits. 0: none."""
    judged_from: int = 0
    """States before this step count for nothing, the start included: what an observer does is not finished there."""


@dataclass(frozen=True, slots=True)
class Result:
    """Losses on the held-out images: of the start and of the best state. `best_step` 0 is the start."""

    before: float
    after: float
    best_step: int
    steps: int
    """Steps really made."""
    planned: int
    """Steps that the learning rate was laid out for: as many as were asked for, or as fit the seconds."""
    stopped: str
    """'end', 'patience' (no gain for so long), or 'diverged' (a loss that is no finite number)."""


def learn(
    lesson: DistillationObjective,
    parameters: Sequence[nn.Parameter],
    learned: Sequence[int],
    held_out: Sequence[int],
    schedule: DistillationSchedule,
    label_loss: LabelLoss | None,
    progress: Progress,
    observer: Observer | None = None,
) -> Result:
    """Train `parameters` on the images `learned`; at the end the network is in the state best on `held_out`.

    That is the start if nothing was better. Weights that are zero stay zero. Where statistics measured anew are better
    than those of the BatchNorms that learn, these begin with them and normalise by the batch; else they keep their own.
    """
    module = lesson.student.module
    masks = [(parameter, mask) for parameter, mask in zero_masks(module) if parameter.requires_grad]
    learning = [*parameters, *(lesson.inner.parameters if lesson.inner is not None else ())]
    optimizer = torch.optim.Adam(learning)
    batch = min(schedule.batch, len(learned))
    order = batch_order(len(learned), batch, schedule.seed)

    def backward(step: int) -> bool:
        """Gradients of the step's batch; whether its loss is a finite number."""
        value = lesson.on([learned[place] for place in order(step).tolist()])
        if label_loss is not None:
            value = value + label_loss(step)
        if not math.isfinite(float(value.detach())):
            return False
        for parameter in learning:
            parameter.grad = None
        value.backward()  # type: ignore[no-untyped-call]
        return True

    steps = schedule.steps
    if schedule.seconds:
        epoch = len(learned) // batch
        fit = fitting_steps(
            schedule.seconds, lambda: backward(0), lambda: lesson.judged(held_out, batch), JUDGED + 1, epoch
        )
        steps = min(steps, fit)
    every = max(1, steps // JUDGED)
    before = lesson.judged(held_out, batch)
    best = before if schedule.judged_from == 0 else math.inf
    best_step, kept = 0, copy.deepcopy(module.state_dict())
    norms = Norms(module, batched=lesson.student.batched and batch > 1)
    if norms and not _better_measured(norms, lesson, learned, held_out, batch, before):
        module.load_state_dict(kept)
        norms = Norms.none()
    origin = copy.deepcopy(module.state_dict())
    step, stopped, part = 0, "end", 1.0
    while step < steps:
        with norms.following():
            finite = backward(step)
        if not finite:
            stopped = "diverged"
            break
        if observer is not None:
            observer.before_update(step)
        for group in optimizer.param_groups:
            group["lr"] = part * _rate(step, steps, schedule.learning_rate)
        nn.utils.clip_grad_norm_(learning, LARGEST_GRADIENT)
        optimizer.step()
        with torch.no_grad():
            for parameter, mask in masks:
                parameter.mul_(mask)
        if observer is not None:
            observer.after_update(step)
        step += 1
        progress("training", step, steps)
        if step >= schedule.judged_from and (step % every == 0 or step == steps):
            now = lesson.judged(held_out, batch)
            if now < best or (math.isfinite(now) and not math.isfinite(best)):
                best, best_step = now, step
                origin = kept = copy.deepcopy(module.state_dict())
            elif step - best_step >= schedule.patience * every and step < steps:
                stopped = "patience"
                break
            else:
                module.load_state_dict(origin)
                optimizer, part = torch.optim.Adam(learning), part * BACK_OFF
    module.load_state_dict(kept)
    return Result(before, best, best_step, step, steps, stopped)


def _better_measured(
    norms: Norms,
    lesson: DistillationObjective,
    learned: Sequence[int],
    held_out: Sequence[int],
    batch: int,
    before: float,
) -> bool:
    """Give the BatchNorms the statistics of some images; whether the network is nearer to its teacher with them."""
    some = [learned[place] for place in evenly_spaced(len(learned), MEASURED)]
    size = min(batch, len(some))
    whole = range(0, len(some) - size + 1, size)
    norms.measure(lesson.images.take(some[place : place + size]) for place in whole)
    return lesson.judged(held_out, batch) < before


def _rate(step: int, steps: int, peak: float) -> float:
    """A half cosine down to LAST_RATE of the peak, after a rise over the first twentieth."""
    rise = min(1.0, (step + 1) / max(1, steps // 20))
    fall = (1 + math.cos(math.pi * step / steps)) / 2
    return peak * rise * (LAST_RATE + (1 - LAST_RATE) * fall)
