"""A file that lost something, beside its original: what causes look at, and how what they remove is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx

from edgeslim.analysis.doctor.quantized import (
    IntegerLayer,
    Quantizer,
    integer_layers,
    quantizers,
    without,
)
from edgeslim.analysis.doctor.records import surely_lost
from edgeslim.analysis.results import PairedChange
from edgeslim.datasets.base import Part, Split
from edgeslim.detections import READING_SCORE, Detections, FloatArray
from edgeslim.errors import ModelError
from edgeslim.metrics.bootstrap import Resampled
from edgeslim.metrics.classification import label_agreement
from edgeslim.metrics.fidelity import agreement
from edgeslim.models.base import ModelSpec
from edgeslim.ort import open_session
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.steps.images import evenly_spaced
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prediction, Prepared

INT8 = ("static_int8", "robust_int8")
SEEN = 8
"""Images on which tensors inside a network are looked at."""


@dataclass
class Case:
    """`original` is the float network in its deployable form; `images` of `evaluation` are those that are scored."""

    original: onnx.ModelProto
    file: onnx.ModelProto
    spec: ModelSpec
    evaluation: Split
    labels: tuple[str, ...] | None
    calibration: Split | None = None
    recipe: Recipe | None = None
    """The file's; None if it is not known."""
    model: str = ""
    """Its name."""
    threshold: float = READING_SCORE
    threads: int = 1
    progress: Progress = silent
    stages: Sequence[tuple[str, onnx.ModelProto]] = ()
    """After each step of the recipe, its name and the network, where all of them are here."""

    @property
    def before_rounding(self) -> onnx.ModelProto:
        """The network that the file's integers were rounded from, as far as it is known."""
        steps = () if self.recipe is None else self.recipe.steps
        place = next((place for place, step in enumerate(steps) if step.name in INT8), 0)
        return self.stages[place - 1][1] if place and self.stages else self.original

    @cached_property
    def quantizers(self) -> dict[str, Quantizer]:
        """Of the file's activations, by the name of the restored tensor."""
        return quantizers(self.file, self.before_rounding)

    @cached_property
    def layers(self) -> list[IntegerLayer]:
        """Those of the file with integer weights."""
        return integer_layers(self.file, self.quantizers)

    def floated(self) -> onnx.ModelProto:
        """The file with no activation rounded: nothing that is cut off hides what comes after."""
        return without(self.file, self.quantizers.values())

    @cached_property
    def inputs(self) -> list[Prepared]:
        task = task_for(self.spec)
        return [
            task.prepare(self.evaluation.image(place), self.spec) for place in range(len(self.evaluation))
        ]

    @cached_property
    def tensors(self) -> list[FloatArray]:
        """A few of the inputs, spread over all."""
        return [self.inputs[place].tensor for place in evenly_spaced(len(self.inputs), SEEN)]

    @cached_property
    def calibrating(self) -> list[FloatArray]:
        """As many of the calibration images."""
        if self.calibration is None:
            return []
        task, split = task_for(self.spec), self.calibration
        places = evenly_spaced(len(split), SEEN)
        return [task.prepare(split.image(place), self.spec).tensor for place in places]

    def predictions(self, model: onnx.ModelProto) -> list[Prediction]:
        """What a network says of every image. Integer sums are exact."""
        task, session = task_for(self.spec), open_session(model, self.threads)
        return [task.decode(session.run(each.tensor), each, self.spec) for each in self.inputs]

    @cached_property
    def before(self) -> list[Prediction]:
        return self.predictions(self.original)

    @cached_property
    def after(self) -> list[Prediction]:
        return self.predictions(self.file)

    @property
    def metric(self) -> str:
        return "agreement" if self.labels is None else task_for(self.spec).primary_metric

    def score(self, predictions: Sequence[Prediction]) -> Resampled:
        """The headline measure with its resamples; without labels agreement with the original.

        Raises ModelError (not_scorable) where outputs cannot be read.
        """
        if self.labels is not None:
            found = task_for(self.spec).score(predictions, self.evaluation, self.labels).primary
        else:
            found = _agreement(self.before, predictions)
        if found is None:
            raise ModelError("not_scorable", model=self.model)
        return found

    @cached_property
    def original_score(self) -> Resampled:
        return self.score(self.before)

    @cached_property
    def file_score(self) -> Resampled:
        return self.score(self.after)

    @cached_property
    def loss(self) -> PairedChange:
        return change(self.original_score, self.file_score)

    @property
    def lost(self) -> bool:
        """Whether a loss was shown."""
        return surely_lost(self.loss)

    def back(self, model: onnx.ModelProto) -> PairedChange:
        """What another network than the file gains over it."""
        return change(self.file_score, self.score(self.predictions(model)))

    def share(self, back: PairedChange) -> float:
        """Of the loss, what comes back."""
        return back.delta / -self.loss.delta if self.loss.delta < 0 else 0.0


def change(before: Resampled, after: Resampled) -> PairedChange:
    difference = after - before
    return PairedChange(delta=difference.value, ci95=difference.paired_ci95)


def spread_evenly(split: Split, count: int) -> Split:
    """`count` images of a split at most, evenly spread over it."""
    places = evenly_spaced(len(split), count)
    return split if len(places) == len(split) else Part(split, places, f"{len(places)} spread")


def _agreement(before: Sequence[Prediction], after: Sequence[Prediction]) -> Resampled | None:
    first, second = ([each for each in made if isinstance(each, Detections)] for made in (before, after))
    if first and len(first) == len(before):
        return agreement(first, second)[1]
    chances = [[each for each in made if isinstance(each, np.ndarray)] for made in (before, after)]
    return label_agreement(chances[0], chances[1])[1] if chances[0] else None
