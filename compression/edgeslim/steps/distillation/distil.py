"""Learning from a teacher: what recovery, quantization-aware training and learned codebooks have in common.

Whatever of a network shall learn, by whatever parametrization: it is trained to give the original's raw outputs, or
those of another model, on images without labels (and, if wished, the task's own loss on labelled ones), and judged on
images held out.
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
from edgeslim.tasks.losses import required_loss
from edgeslim.training.data import SplitExamples, batch_order, normalise
from edgeslim.training.device import on_device
from edgeslim.training.observer import Observer

__all__ = ["DistillationConfig", "DistillationSchedule", "Observer", "distil", "divided"]

HELD_OUT, HELD_OUT_MOST = 0.2, 64
"""Part of the calibration images that judges and teaches nothing, and how many at most."""


def distil(
    student: fx.GraphModule,
    parameters: Sequence[nn.Parameter],
    context: StepContext,
    signal: DistillationConfig,
    schedule: DistillationSchedule,
    step: str,
    *,
    teacher: Model | None = None,
    observer: Observer | None = None,
) -> Result:
    """Train `parameters` of `student` in place; it ends in the state that did best on the images held out.

    That is the start if nothing was better (`Result.best_step` 0). The student may contain any differentiable
    parametrization; its `state_dict` must hold all that changes. `teacher` None: the original. Unlabelled images are
    those of the calibration and the train split. `context.info` receives what was learned from and the held-out loss
    before and after.

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
        learned, held_out = divided(len(images), len(calibration))
        name, lesson = objective_for(own, other, learned, held_out, signal, step, related=teacher is None)
        if not parameters or not lesson.outputs_on(held_out[:1]).requires_grad:
            raise _nothing(step)
        weighted = _labels(student, context, signal, schedule, step) if signal.label_weight > 0 else None
        result = learn(lesson, parameters, learned, held_out, schedule, weighted, context.progress, observer)
    context.info.update(
        loss=name,
        images=len(learned),
        held_out_images=len(held_out),
        trained_parameters=sum(parameter.numel() for parameter in parameters),
        feature_layers=[] if lesson.inner is None else [pair.own for pair in lesson.inner.pairs],
        **_told(result),
    )
    return result


def divided(images: int, calibration: int) -> tuple[list[int], list[int]]:
    """Indices to learn from and to be judged by; the latter from the first `calibration` ones.

    A single image does both.
    """
    if images == 1:
        return [0], [0]
    wanted = max(1, min(round(HELD_OUT * calibration), HELD_OUT_MOST))
    held_out = evenly_spaced(calibration, wanted)
    return sorted(set(range(images)) - set(held_out)), held_out


def _labels(
    module: nn.Module,
    context: StepContext,
    signal: DistillationConfig,
    schedule: DistillationSchedule,
    step: str,
) -> LabelLoss:
    """Step → weighted loss of the task on a labelled batch."""
    split, task_loss = training_images(context.train, step), required_loss(context.spec)
    examples = SplitExamples(split, context.spec)
    order = batch_order(len(examples), min(schedule.batch, len(examples)), schedule.seed + 1)
    device = next(module.parameters()).device

    def weighted(number: int) -> Tensor:
        pixels, targets = examples.take(order(number))
        outputs = module(normalise(torch.from_numpy(pixels).to(device).float(), context.spec))
        listed = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        # the task's losses work on the processor
        return signal.label_weight * task_loss([each.cpu() for each in listed], targets, context.spec)

    return weighted


def _nothing(step: str) -> RecipeError:
    return RecipeError(
        "nothing_to_distil",
        "Nothing in the network can learn from its outputs: they are counts or choices, or no layer has weights.",
        f"Leave out '{step}', or choose trainable = all; match_statistics needs no gradients.",
        step=step,
    )


def _told(result: Result) -> dict[str, Any]:
    """What is told about the run, as JSON values; a loss that is no finite number is None."""
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
