"""Distillation: what recovery, gradual pruning, quantization-aware training and trained codebooks share.

Any parameters of a network, under any parametrization, are trained to reproduce the raw outputs of the original or of
another model, on images without labels (plus, if wanted, the task loss on labelled images), and evaluated on held-out
images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from edgeslim.errors import RecipeError
from edgeslim.models.base import Model
from edgeslim.steps.base import StepContext
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.loop import DistillationSchedule, LabelLoss, Result, learn
from edgeslim.steps.distillation.objective import Side, objective_for
from edgeslim.steps.images import calibration_images, evenly_spaced, training_images
from edgeslim.steps.torch_network.running import Images, original_network
from edgeslim.tasks.base import required_loss
from edgeslim.training.data import SplitExamples, batch_order, normalise
from edgeslim.training.device import on_device
from edgeslim.training.weights import Observer

__all__ = ["DistillationConfig", "DistillationSchedule", "Observer", "distil", "divided"]

HELD_OUT, HELD_OUT_MOST = 0.2, 64
"""Share of the calibration images that is held out for evaluation, and their maximum number."""


def distil(
    student: fx.GraphModule,
    parameters: Sequence[nn.Parameter],
    context: StepContext,
    config: DistillationConfig,
    schedule: DistillationSchedule,
    step: str,
    *,
    teacher: Model | None = None,
    observer: Observer | None = None,
) -> Result:
    """Train `parameters` of `student` in place; it ends in the state with the lowest held-out loss.

    That is the initial state if nothing was better (`Result.best_step` 0). The student may contain any differentiable
    parametrization; its `state_dict` must hold everything that changes. `teacher` None: the original. Unlabelled images
    are those of the calibration and the train split. `context.info` receives the losses and images used, and the
    held-out loss before and after.

    Raises RecipeError: 'nothing_to_distil', 'no_calibration_images', 'no_training_images', 'family_without_loss',
    'teacher_outputs', 'no_common_layers', 'no_boxes_decoded'.
    """
    calibration = calibration_images(context.calibration, step)
    splits = [calibration] if context.train is None else [calibration, context.train]
    master = original_network(context.original if teacher is None else teacher.path)
    with on_device(student, master) as device:
        images = Images(splits, context.spec, device)
        own, other = Side(student, images, context.spec), Side(master, images, context.spec)
        if teacher is not None:
            other = Side(master, Images(splits, teacher.spec, device), teacher.spec)
        training, held_out = divided(len(images), len(calibration))
        name, objective = objective_for(own, other, training, held_out, config, step, related=teacher is None)
        if not parameters or not objective.outputs_on(held_out[:1]).requires_grad:
            raise RecipeError("nothing_to_distil", step=step)
        weighted = _labels(student, context, config, schedule, step) if config.label_weight > 0 else None
        result = learn(
            objective, parameters, training, held_out, schedule, weighted, context.progress, observer
        )
    context.info.update(
        loss=name,
        images=len(training),
        held_out_images=len(held_out),
        trained_parameters=sum(parameter.numel() for parameter in parameters),
        feature_layers=[] if objective.inner is None else [pair.own for pair in objective.inner.pairs],
        **_report(result),
    )
    return result


def divided(images: int, calibration: int) -> tuple[list[int], list[int]]:
    """Indices of training and of held-out images; the latter are among the first `calibration` ones.

    A single image serves as both.
    """
    if images == 1:
        return [0], [0]
    wanted = max(1, min(round(HELD_OUT * calibration), HELD_OUT_MOST))
    held_out = evenly_spaced(calibration, wanted)
    return sorted(set(range(images)) - set(held_out)), held_out


def _labels(
    module: nn.Module,
    context: StepContext,
    config: DistillationConfig,
    schedule: DistillationSchedule,
    step: str,
) -> LabelLoss:
    """Step → weighted task loss on a labelled batch."""
    split, task_loss = training_images(context.train, step), required_loss(context.spec)
    examples = SplitExamples(split, context.spec)
    order = batch_order(len(examples), min(schedule.batch, len(examples)), schedule.seed + 1)
    device = next(module.parameters()).device

    def weighted(number: int) -> Tensor:
        pixels, targets = examples.take(order(number))
        outputs = module(normalise(torch.from_numpy(pixels).to(device).float(), context.spec))
        listed = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        # task losses are computed on the CPU
        return config.label_weight * task_loss([each.cpu() for each in listed], targets, context.spec)

    return weighted


def _report(result: Result) -> dict[str, Any]:
    """A report of the run, as JSON values; a loss that is not finite is None."""
    before, after = (value if math.isfinite(value) else None for value in (result.before, result.after))
    return {
        "steps": result.steps,
        "planned_steps": result.planned,
        "best_step": result.best_step,
        "stopped": result.stopped,
        "improved": result.best_step > 0,
        "held_out_loss_before": before,
        "held_out_loss": after,
    }
