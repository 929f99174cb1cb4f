"""The training loop of distillation: Adam with cosine decay; the state with the best held-out loss is kept.

A learning rate that is too high for a network raises the held-out loss at once, and is then lowered.
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
from edgeslim.training.loop import LARGEST_GRADIENT
from edgeslim.training.settings import LAST_RATE
from edgeslim.training.weights import Observer, zero_masks


def fitting_steps(
    seconds: float, step: Callable[[], object], evaluate: Callable[[], object], evaluations: int, epoch: int
) -> int:
    """Number of steps that fit the time, at least one. `step` and `evaluate` are timed; they must change nothing.

    The first `epoch` steps take longer, because images are read and the teacher's outputs computed for the first time.
    """
    evaluation = min(_seconds(evaluate), _seconds(evaluate))
    first = _seconds(step)
    again = min(_seconds(step), _seconds(step))
    left = seconds - evaluations * evaluation
    fit = left / first if left < epoch * first else epoch + (left - epoch * first) / again
    return max(1, math.floor(fit))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Norms:
    """The trainable BatchNorms of a network, if batches have several images.

    Where layers were removed or zeroed, the statistics from the original training are no longer valid.
    """

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
        """While open, each batch is normalized by its own statistics, and the running statistics follow."""
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
            norm.momentum = None  # the plain average, in torch
        with torch.no_grad(), self.following():
            for batch in batches:
                self._module(batch)
        for norm, momentum in zip(self._norms, momenta, strict=True):
            norm.momentum = momentum


EVALUATIONS = 10
"""Number of evaluations on held-out images during the run."""
MEASURED = 64
"""Number of images over which batch statistics are measured before the run."""
BACK_OFF = 0.25
"""Without improvement, the run continues from the best state with its learning rate multiplied by this."""

LabelLoss = Callable[[int], Tensor]
"""Step → weighted task loss on a labelled batch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistillationSchedule:
    steps: int
    batch: int
    learning_rate: float
    patience: int
    seed: int
    seconds: float = 0.0
    """Budget of wall time: the speed is measured first, and `steps` reduced to what fits. 0: none."""
    evaluated_from: int = 0
    """States before this step, including the initial one, are not candidates: the observer has not finished its work."""


@dataclass(frozen=True, slots=True)
class Result:
    """Held-out losses of the initial and of the best state. `best_step` 0 is the initial state."""

    before: float
    after: float
    best_step: int
    steps: int
    """Steps made."""
    planned: int
    """Steps that the learning rate was scheduled for: as requested, or as fit the time budget."""
    stopped: str
    """'end', 'patience' (no improvement for too long), or 'diverged' (a loss that is not finite)."""


def learn(
    objective: DistillationObjective,
    parameters: Sequence[nn.Parameter],
    training: Sequence[int],
    held_out: Sequence[int],
    schedule: DistillationSchedule,
    label_loss: LabelLoss | None,
    progress: Progress,
    observer: Observer | None = None,
) -> Result:
    """Train `parameters` on the images `training`; the network ends in the state that is best on `held_out`.

    That is the initial state if nothing was better. Zero weights stay zero. Trainable BatchNorms start from newly
    measured statistics and normalize by the batch if that lowers the held-out loss; else they keep their statistics.
    """
    module = objective.student.module
    masks = [(parameter, mask) for parameter, mask in zero_masks(module) if parameter.requires_grad]
    learning = [*parameters, *(objective.inner.parameters if objective.inner is not None else ())]
    optimizer = torch.optim.Adam(learning)
    batch = min(schedule.batch, len(training))
    order = batch_order(len(training), batch, schedule.seed)

    def backward(step: int) -> bool:
        """Compute the gradients of the step's batch; returns whether its loss is finite."""
        value = objective.on([training[place] for place in order(step).tolist()])
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
        epoch = len(training) // batch
        fit = fitting_steps(
            schedule.seconds,
            lambda: backward(0),
            lambda: objective.evaluate(held_out, batch),
            EVALUATIONS + 1,
            epoch,
        )
        steps = min(steps, fit)
    every = max(1, steps // EVALUATIONS)
    before = objective.evaluate(held_out, batch)
    best = before if schedule.evaluated_from == 0 else math.inf
    best_step, kept = 0, copy.deepcopy(module.state_dict())
    norms = Norms(module, batched=objective.student.batched and batch > 1)
    if norms and not _better_measured(norms, objective, training, held_out, batch, before):
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
        if step >= schedule.evaluated_from and (step % every == 0 or step == steps):
            now = objective.evaluate(held_out, batch)
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
    objective: DistillationObjective,
    training: Sequence[int],
    held_out: Sequence[int],
    batch: int,
    before: float,
) -> bool:
    """Measure the statistics of the BatchNorms on some images; returns whether that lowers the held-out loss."""
    some = [training[place] for place in evenly_spaced(len(training), MEASURED)]
    size = min(batch, len(some))
    whole = range(0, len(some) - size + 1, size)
    norms.measure(objective.images.take(some[place : place + size]) for place in whole)
    return objective.evaluate(held_out, batch) < before


def _rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over the first twentieth, then a half cosine down to LAST_RATE of the peak."""
    rise = min(1.0, (step + 1) / max(1, steps // 20))
    fall = (1 + math.cos(math.pi * step / steps)) / 2
    return peak * rise * (LAST_RATE + (1 - LAST_RATE) * fall)
