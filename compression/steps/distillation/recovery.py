"""Learning from the original: what recovery, quantization-aware training and learned codebooks have in common.

Whatever of a network shall learn, by whatever parametrization: it is trained to give the original's raw outputs on
images without labels (and, if wished, the task's own loss on labelled ones), and judged on images held out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from compression.datasets.base import Split
from compression.errors import RecipeError
from compression.steps.base import StepContext
from compression.steps.distillation.features import shapes_of
from compression.steps.distillation.learning import LabelLoss, Lesson, Result, Schedule, Teacher, learn
from compression.steps.distillation.losses import attention, hints, output_loss
from compression.steps.distillation.network import Images, Network, original_network
from compression.steps.needs import calibration_images, training_images
from compression.steps.quantization.calibration import evenly_spaced
from compression.training.device import on_device

HELD_OUT, HELD_OUT_MOST = 0.2, 64
"""Part of the calibration images that judges and teaches nothing, and how many at most."""
LAYERS = 8
"""Layers whose features are compared, spread over the depth of the network."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """What is learned from. `features`: 'none', 'hints' or 'attention'; `label_weight` 0: no labels at all."""

    features: str = "none"
    feature_weight: float = 0.5
    temperature: float = 4.0
    label_weight: float = 0.0


def recover(
    student: fx.GraphModule,
    parameters: Sequence[nn.Parameter],
    context: StepContext,
    signal: Signal,
    schedule: Schedule,
    step: str,
) -> Result:
    """Train `parameters` of `student` in place; it ends in the state that did best on the images held out.

    That is the start if nothing was better (`Result.best_step` 0). The student may contain any differentiable
    parametrization; its `state_dict` must hold all that changes. `context.info` receives what was learned from and
    the held-out loss before and after. Unlabelled images are those of the calibration and the train split.

    Raises RecipeError: 'nothing_to_distil', 'no_calibration_images', 'no_training_images', 'family_without_loss'.
    """
    calibration = calibration_images(context.calibration, step)
    splits: list[Split] = [calibration]
    if context.train is not None:
        splits.append(context.train)
    original = original_network(context.original)
    with on_device(student, original) as device:
        images = Images(splits, context.spec, device)
        learned, held_out = divided(len(images), len(calibration))
        name, lesson = _lesson(student, original, images, held_out, context, signal)
        if not parameters or not lesson.on(held_out[:1]).requires_grad:
            raise _nothing(step)
        weighted = _labels(student, context, signal, schedule, step) if signal.label_weight > 0 else None
        result = learn(lesson, parameters, learned, held_out, schedule, weighted, context.progress)
    context.info.update(
        loss=name,
        images=len(learned),
        held_out_images=len(held_out),
        trained_parameters=sum(parameter.numel() for parameter in parameters),
        feature_layers=list(lesson.features),
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


def _lesson(
    student: fx.GraphModule,
    original: fx.GraphModule,
    images: Images,
    held_out: Sequence[int],
    context: StepContext,
    signal: Signal,
) -> tuple[str, Lesson]:
    """The name of the output loss, and what is compared."""
    example = images.take(held_out[:1])
    features = _layers(student, original, example, signal.features) if signal.features != "none" else ()
    teacher = Teacher(Network(original, example), images, features)
    name, loss = output_loss(teacher.outputs(held_out), context.spec, signal.temperature)
    inner = attention if signal.features == "attention" else hints
    return name, Lesson(
        Network(student, example), teacher, images, loss, features, inner, signal.feature_weight
    )


def _layers(
    student: fx.GraphModule, original: fx.GraphModule, image: Tensor, features: str
) -> tuple[str, ...]:
    """Modules of the same name in both networks whose features can be compared."""
    own, wanted = shapes_of(student, image), shapes_of(original, image)
    if features == "attention":
        same = [n for n, s in wanted.items() if len(s) > 3 and n in own and own[n][2:] == s[2:]]
    else:
        same = [name for name, shape in wanted.items() if own.get(name) == shape]
    return tuple(same[index] for index in evenly_spaced(len(same), LAYERS)) if same else ()


def _labels(
    module: nn.Module, context: StepContext, signal: Signal, schedule: Schedule, step: str
) -> LabelLoss:
    """Step → weighted loss of the task on a labelled batch."""
    from compression.tasks.losses import loss_for
    from compression.training.data import SplitExamples, batch_order, normalise

    split, task_loss = training_images(context.train, step), loss_for(context.spec)
    if task_loss is None:
        raise RecipeError(
            "family_without_loss",
            f"Models of the family '{context.spec.family}' cannot be trained with labels here: no loss is known.",
            "Set label_weight to 0: without labels, any model can be distilled.",
            family=context.spec.family,
            step=step,
        )
    examples = SplitExamples(split, context.spec)
    order = batch_order(len(examples), min(schedule.batch, len(examples)), schedule.seed + 1)
    device = next(module.parameters()).device

    def weighted(number: int) -> Tensor:
        pixels, targets = examples.take(order(number))
        outputs = module(normalise(torch.from_numpy(pixels).to(device).float(), context.spec))
        listed = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        return signal.label_weight * task_loss(listed, targets, context.spec)

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
        "best_step": result.best_step,
        "stopped": result.stopped,
        "improved": result.best_step > 0,
        "held_out_loss_before": before,
        "held_out_loss": after,
    }
