"""Recovery by distillation from the uncompressed network."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from compression.datasets.base import Split
from compression.errors import RecipeError
from compression.params import param
from compression.steps.base import STEPS, Effect, Need, StepContext, TorchStep
from compression.steps.needs import calibration_images, training_images
from compression.steps.quantization.calibration import evenly_spaced

if TYPE_CHECKING:
    from torch import Tensor, fx, nn

    from compression.steps.distillation.learning import Lesson, Result

HELD_OUT, HELD_OUT_MOST = 0.2, 64
"""Part of the calibration images that judges and teaches nothing, and how many at most."""
LAYERS = 8
"""Layers whose features are compared, spread over the depth of the network."""


class _Needs:
    """Calibration images always; a train split and a loss only where labels are mixed in."""

    def __get__(self, step: DistilFromOriginal | None, owner: type[DistilFromOriginal]) -> frozenset[Need]:
        labels = step is not None and step.label_weight > 0
        return frozenset({"calibration", "train", "loss"} if labels else {"calibration"})


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DistilFromOriginal(TorchStep):
    """Train the compressed network to give the original's raw outputs, on images without labels.

    Classifiers learn soft targets, detectors scores everywhere and boxes where the original sees something, unknown
    outputs by squared error. A fifth of the images is held out, and the state that does best on them is kept: the
    result is never further from the original there than the start. Zeros stay zero. Size and speed do not change.
    """

    name: ClassVar[str] = "distil_from_original"
    group: ClassVar[str] = "training"
    source: ClassVar[str] = (
        "Hinton et al. 2015, arXiv 1503.02531; hints: Romero et al. 2015, arXiv 1412.6550; attention: Zagoruyko and "
        "Komodakis 2017, arXiv 1612.03928; boxes: Zheng et al. 2022, arXiv 2102.12252"
    )
    changes: ClassVar[frozenset[Effect]] = frozenset({"accuracy"})
    needs: ClassVar[frozenset[Need]] = cast(Any, _Needs())

    steps: int = param(200, low=0, high=5000, unit="steps", help="Updates at most.")
    learning_rate: float = param(
        1e-3, low=1e-6, high=0.1, help="Peak of the learning rate; it falls along a cosine."
    )
    batch: int = param(8, low=1, high=256, unit="images", help="Images for one update.")
    trainable: str = param(
        "scales_and_biases",
        choices=("scales_and_biases", "all", "last"),
        help="What learns: with few images a scale and a bias of every channel; everything; or the last layers.",
    )
    features: str = param(
        "none",
        choices=("none", "hints", "attention"),
        help="Compare inner layers too: their values (hints), or where in the image they are strong (attention).",
    )
    feature_weight: float = param(
        0.5, low=0.0, high=100.0, help="Weight of the inner layers against the outputs."
    )
    temperature: float = param(
        4.0, low=1.0, high=20.0, help="Softening of a classifier's distributions; detectors have none."
    )
    label_weight: float = param(
        0.0,
        low=0.0,
        high=100.0,
        help="Weight of the task's own loss on labelled images; 0: no labels at all.",
    )
    patience: int = param(
        4, low=1, high=10, unit="tenths of the steps", help="Stop when nothing got better for so long."
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the held-out loss before and after, and whether anything got better.

        Raises RecipeError: 'nothing_to_distil', 'no_calibration_images', 'no_training_images', 'family_without_loss'.
        """
        from torch import fx

        from compression.steps.distillation.learning import Schedule, learn
        from compression.steps.distillation.network import Images
        from compression.steps.distillation.trainable import trainable

        assert isinstance(model, fx.GraphModule), "distillation works on an imported graph"
        calibration = calibration_images(context.calibration, self.name)
        tuned = copy.deepcopy(model).eval()
        if self.steps == 0:
            return tuned
        splits: list[Split] = [calibration]
        if context.train is not None:
            splits.append(context.train)
        images = Images(splits, context.spec)
        learned, held_out = divided(len(images), len(calibration))
        loss, lesson = self._lesson(tuned, images, held_out, context)
        with trainable(tuned, self.trainable) as parameters:
            if not parameters or not lesson.on(held_out[:1]).requires_grad:
                raise self._nothing()
            schedule = Schedule(
                steps=self.steps,
                batch=self.batch,
                learning_rate=self.learning_rate,
                patience=self.patience,
                seed=context.seed,
            )
            labels = self._labels(tuned, context) if self.label_weight > 0 else None
            result = learn(lesson, parameters, learned, held_out, schedule, labels, context.progress)
            count = sum(parameter.numel() for parameter in parameters)
        context.info.update(
            loss=loss,
            images=len(learned),
            held_out_images=len(held_out),
            trained_parameters=count,
            feature_layers=list(lesson.features),
            **_told(result),
        )
        return copy.deepcopy(model).eval() if result.best_step == 0 else tuned

    def _lesson(
        self, tuned: fx.GraphModule, images: Any, held_out: Sequence[int], context: StepContext
    ) -> tuple[str, Lesson]:
        """The name of the output loss, and what is compared."""
        from compression.steps.distillation.learning import Lesson, Teacher
        from compression.steps.distillation.losses import attention, hints, output_loss
        from compression.steps.distillation.network import Network, original_network

        original = original_network(context.original)
        features = self._layers(tuned, original, images.take([0])) if self.features != "none" else ()
        example = images.take(held_out[:1])
        teacher = Teacher(Network(original, example), images, features)
        name, loss = output_loss(teacher.outputs(held_out), context.spec, self.temperature)
        student = Network(tuned, example)
        inner = attention if self.features == "attention" else hints
        return name, Lesson(student, teacher, images, loss, features, inner, self.feature_weight)

    def _layers(self, tuned: fx.GraphModule, original: fx.GraphModule, image: Tensor) -> tuple[str, ...]:
        """Modules of the same name in both networks whose features can be compared."""
        from compression.steps.distillation.features import shapes_of

        own, wanted = shapes_of(tuned, image), shapes_of(original, image)
        if self.features == "attention":
            same = [n for n, s in wanted.items() if len(s) > 3 and n in own and own[n][2:] == s[2:]]
        else:
            same = [name for name, shape in wanted.items() if own.get(name) == shape]
        return tuple(same[index] for index in evenly_spaced(len(same), LAYERS)) if same else ()

    def _labels(self, module: nn.Module, context: StepContext) -> Any:
        """Step → weighted loss of the task on a labelled batch."""
        import torch

        from compression.tasks.losses import loss_for
        from compression.training.data import SplitExamples, batch_order, normalise

        split, task_loss = training_images(context.train, self.name), loss_for(context.spec)
        if task_loss is None:
            raise RecipeError(
                "family_without_loss",
                f"Models of the family '{context.spec.family}' cannot be trained with labels here: no loss is known.",
                "Set label_weight to 0: without labels, any model can be distilled.",
                family=context.spec.family,
                step=self.name,
            )
        examples = SplitExamples(split, context.spec)
        order = batch_order(len(examples), min(self.batch, len(examples)), context.seed + 1)

        def weighted(step: int) -> Tensor:
            pixels, targets = examples.take(order(step))
            outputs = module(normalise(torch.from_numpy(pixels).float(), context.spec))
            listed = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
            return self.label_weight * task_loss(listed, targets, context.spec)

        return weighted

    def _nothing(self) -> RecipeError:
        return RecipeError(
            "nothing_to_distil",
            "Nothing in the network can learn from its outputs: they are counts or choices, or no layer has weights.",
            f"Leave out '{self.name}', or choose trainable = all; match_statistics needs no gradients.",
            step=self.name,
        )


def divided(images: int, calibration: int) -> tuple[list[int], list[int]]:
    """Indices to learn from and to be judged by; the latter from the first `calibration` ones.

    A single image does both.
    """
    if images == 1:
        return [0], [0]
    wanted = max(1, min(round(HELD_OUT * calibration), HELD_OUT_MOST))
    held_out = evenly_spaced(calibration, wanted)
    return sorted(set(range(images)) - set(held_out)), held_out


def _told(result: Result) -> dict[str, Any]:
    """What the step tells about the run, as JSON values; a loss that is no finite number is None."""
    import math

    before, after = (value if math.isfinite(value) else None for value in (result.before, result.after))
    return {
        "steps": result.steps,
        "best_step": result.best_step,
        "stopped": result.stopped,
        "improved": result.best_step > 0,
        "held_out_loss_before": before,
        "held_out_loss": after,
    }
