"""The training loop: AdamW, warm-up, cosine decay, weight average; resumable, reproducible from its seed."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from edgeslim.datasets.base import Split
from edgeslim.errors import ModelError, RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Loss
from edgeslim.progress import Progress, silent
from edgeslim.tasks.base import required_loss
from edgeslim.training.best import Best, KeepBest, saved
from edgeslim.training.data import Examples, SplitExamples, augment, batch_order, normalise
from edgeslim.training.device import on_device
from edgeslim.training.guard import BACK_OFF, Guard
from edgeslim.training.held_classes import HeldClasses
from edgeslim.training.network import Network
from edgeslim.training.optimizer import NO_FACTORS, diverged, optimizer_of, set_rate
from edgeslim.training.settings import TrainSettings, learning_rate
from edgeslim.training.weights import Observer, WeightAverage, load_checkpoint, save_checkpoint

Evaluate = Callable[[nn.Module], dict[str, float]]
"""A network in evaluation mode → figures by name, for the log."""

Ended = Literal["complete", "early", "stopped"]

STILL_PART = 0.1
"""Last part of the run, trained without geometric augmentation, as at inference. Source: YOLOX (arXiv 2107.08430)."""
LARGEST_GRADIENT = 10.0


@dataclass(frozen=True, slots=True)
class TrainLog:
    """One row per epoch: epoch, step, loss (mean), learning_rate, seconds (since the start, summed over resumed runs),
    and the figures of `evaluate`. `ended` early: nothing got better any more; stopped: somebody wanted that."""

    rows: tuple[dict[str, float], ...]
    ended: Ended = "complete"

    @property
    def final_loss(self) -> float:
        return self.rows[-1]["loss"]

    @property
    def seconds(self) -> float:
        return self.rows[-1]["seconds"]


def train(
    module: nn.Module,
    split: Split | Examples,
    spec: ModelSpec,
    settings: TrainSettings,
    *,
    progress: Progress = silent,
    observer: Observer | None = None,
    evaluate: Evaluate | None = None,
    checkpoint: Path | None = None,
    held_out: Sequence[int] = (),
    held: HeldClasses | None = None,
    best: KeepBest | None = None,
    stopped: Callable[[], bool] = lambda: False,
    factors: Mapping[str, float] = NO_FACTORS,
    told: Callable[[Sequence[Mapping[str, float]]], None] = lambda rows: None,
) -> TrainLog:
    """Train `module` in place with its family's loss; afterwards it holds the final weights, in evaluation mode.

    Images `held_out` are not trained on: the module ends with the weights of the lowest loss there (training.guard).
    `held` are classes that these images teach nothing of. `best`: it ends with its best weights, maybe early; so it does
    once `stopped` says so, which is asked at every step. `factors` are parts of the learning rate by the names of
    parameters. `told` hears the log after each epoch.

    It runs on an accelerator if there is one (training.device); the module is on the CPU afterwards. `observer` is
    called around every update. `checkpoint` is written every epoch and valid on any device; if the file exists, the
    run resumes from it (the schedule follows `settings.steps`, which may have grown).
    Raises RecipeError if the family has no loss, if there are no images, or if the loss stops being finite.
    """
    loss = required_loss(spec)
    if len(split) == 0:
        raise RecipeError("no_training_images")
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        examples = split if isinstance(split, Examples) else SplitExamples(split, spec)
        with on_device(module) as device:
            run = _Run(
                module, examples, spec, settings, loss, observer, device, held_out, held, best, factors
            )
            if checkpoint is not None:
                run.resume(checkpoint)
            return run.go(progress, evaluate, checkpoint, stopped, told)
    finally:
        torch.set_num_threads(threads)


class _Run:
    """The state of one run: module, optimizer, average, step, log."""

    def __init__(
        self,
        module: nn.Module,
        examples: Examples | SplitExamples,
        spec: ModelSpec,
        settings: TrainSettings,
        loss: Loss,
        observer: Observer | None,
        device: torch.device,
        held_out: Sequence[int],
        held: HeldClasses | None,
        best: KeepBest | None,
        factors: Mapping[str, float],
    ) -> None:
        self.module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.examples, self.spec, self.settings, self.loss = examples, spec, settings, loss
        self.observer, self.device, self.held = observer, device, held
        self.taught = np.setdiff1d(np.arange(len(examples)), held_out)
        self.batch = min(settings.batch, len(self.taught))
        self.indices = batch_order(len(self.taught), self.batch, settings.seed)
        self.epoch_steps = max(len(self.taught) // self.batch, 1)
        self.factors = factors
        self.optimizer = optimizer_of(module, settings, factors)
        self.average = WeightAverage(module, settings.ema_decay) if settings.ema_decay is not None else None
        self.best = None if best is None else Best(best)
        self.step = 0
        self.seconds = 0.0
        self.rows: list[dict[str, float]] = []
        self.network = _network(module, examples, spec, device)
        self.part = 1.0
        """Of the scheduled learning rate."""
        self.guard = Guard(module, settings.steps, lambda: self.loss_on(held_out)) if len(held_out) else None

    def go(
        self,
        progress: Progress,
        evaluate: Evaluate | None,
        checkpoint: Path | None,
        stopped: Callable[[], bool],
        told: Callable[[Sequence[Mapping[str, float]]], None],
    ) -> TrainLog:
        losses: list[float] = []
        started = time.perf_counter() - self.seconds
        ended: Ended = "complete"
        while self.step < self.settings.steps:
            if stopped() or (self.best is not None and self.best.over(self.rows)):
                ended = "stopped" if stopped() else "early"
                break
            self.module.train()
            losses.append(self.one_step())
            if self.guard is not None and not self.guard.better(self.step):
                self.optimizer = optimizer_of(self.module, self.settings, self.factors)
                self.part *= BACK_OFF
            progress("training", self.step, self.settings.steps)
            if self.step % self.epoch_steps == 0 or self.step == self.settings.steps:
                self.seconds = time.perf_counter() - started
                self.rows.append(self.row(losses, evaluate))
                losses = []
                told(self.rows)
                if checkpoint is not None:
                    save_checkpoint(checkpoint, self.state())
        if self.average is not None:
            self.module.load_state_dict(self.average.state)
        if self.guard is not None:
            self.guard.restore()
        if self.best is not None and self.best.state is not None:
            self.module.load_state_dict(self.best.state)
        self.module.eval()
        return TrainLog(tuple(self.rows), ended)

    def one_step(self) -> float:
        """Forward, backward, update; returns the loss."""
        settings = self.settings
        rate = learning_rate(self.step, settings)
        set_rate(self.optimizer, self.part * rate)
        value = self.value(*self.next_batch())
        number = float(value.detach())
        if not math.isfinite(number):
            raise diverged(self.step, settings.learning_rate)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.module.parameters(), LARGEST_GRADIENT)
        if self.observer is not None:
            self.observer.before_update(self.step)
        self.optimizer.step()
        if self.observer is not None:
            self.observer.after_update(self.step)
        self.step += 1
        if self.average is not None:
            self.average.update(self.module, self.step)
        return number

    def value(self, images: Tensor, targets: Sequence[Any]) -> Tensor:
        outputs = self.network(images)
        if self.held is None:
            return self.loss(outputs, targets, self.spec)
        seen = self.held.seen(images)
        known = self.held.completed(targets, seen)
        return self.loss(outputs, known, self.spec) + self.held.loss(outputs, seen)

    def loss_on(self, held_out: Sequence[int]) -> float:
        """Mean loss on images as they are, in evaluation mode."""
        total = 0.0
        self.module.eval()
        for start in range(0, len(held_out), self.batch):
            part = np.array(held_out[start : start + self.batch])
            pixels, targets = self.examples.take(part)
            images = normalise(torch.from_numpy(pixels).to(self.device).float(), self.spec)
            with torch.no_grad():
                total += float(self.value(images, targets)) * len(part)
        return total / len(held_out)

    def next_batch(self) -> tuple[Tensor, Sequence[Any]]:
        raw, targets = self.examples.take(self.taught[self.indices(self.step)])
        pixels = torch.from_numpy(raw).to(self.device).float()
        if self.settings.augment:
            rng = np.random.default_rng([self.settings.seed, 1, self.step])
            move = self.step < self.settings.steps * (1 - STILL_PART)
            pixels, targets = augment(pixels, targets, rng, move=move, pad_value=self.spec.pad_value)
        return normalise(pixels, self.spec), targets

    def row(self, losses: list[float], evaluate: Evaluate | None) -> dict[str, float]:
        row = {
            "epoch": self.step / self.epoch_steps,
            "step": float(self.step),
            "loss": float(np.mean(losses)),
            "learning_rate": learning_rate(self.step - 1, self.settings),
            "seconds": self.seconds,
        }
        if evaluate is not None:
            row |= self.evaluated(evaluate)
        if self.best is not None:
            self.best.look(row, self.module.state_dict() if self.average is None else self.average.state)
        return row

    def evaluated(self, evaluate: Evaluate) -> dict[str, float]:
        """Figures of the averaged network, on the CPU; the training weights are restored."""
        own = {name: value.clone() for name, value in self.module.state_dict().items()}
        if self.average is not None:
            self.module.load_state_dict(self.average.state)
        self.module.to("cpu").eval()
        with torch.no_grad():
            figures = evaluate(self.module)
        self.module.to(self.device)
        self.module.load_state_dict(own)
        return figures

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "rows": self.rows,
            "settings": dataclasses.asdict(self.settings),
            "module": self.module.state_dict(),
            "average": self.average.state if self.average is not None else None,
            "optimizer": self.optimizer.state_dict(),
            "best": saved(self.best),
        }

    def resume(self, path: Path) -> None:
        state = load_checkpoint(path)
        if state is None:
            return
        try:
            self.module.load_state_dict(state["module"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ModelError("checkpoint_of_another_model", path=path) from error
        if self.average is not None and state["average"] is not None:
            self.average.state = {name: value.to(self.device) for name, value in state["average"].items()}
        if self.best is not None and state.get("best"):
            self.best.value, self.best.state = state["best"]["value"], state["best"]["state"]
        self.step, self.seconds, self.rows = state["step"], state["seconds"], state["rows"]


def _network(
    module: nn.Module, examples: Examples | SplitExamples, spec: ModelSpec, device: torch.device
) -> Network:
    pixels, _ = examples.take(np.zeros(1, np.int64))
    module.eval()
    return Network(module, normalise(torch.from_numpy(pixels).to(device).float(), spec))
