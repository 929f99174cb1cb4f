"""Distillation: what does a teacher know beyond the label?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.lessons.base import LESSONS, Experiment, Fact, Lesson, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.live import Array, Example, Softening
from edgeslim.lessons.predictions import Choice, Door, Number, Question, Source
from edgeslim.lessons.views import Axis, Bars, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.distillation.students import Floats, Pictures
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

TEACHER = "digits-cnn"
DIGITS = tuple("0123456789")
TEMPERATURES = (1.0, 4.0, 16.0)
LABELLED = (20, 40, 80, 160, 320, 640)
SHOWN = 6
"""Digits of each kind in the live picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Logits(Experiment):
    """The teacher's answers to digits it is least sure of, and to typical ones, to be softened in the page."""

    name = "logits"
    uses = (TEACHER,)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.lessons.distillation.students import SIDE, digits, softened

        _, pictures = digits(TEACHER, lab)
        least_sure = np.argsort(softened(pictures.logits, 1.0).max(axis=1))[:SHOWN]
        typical = [int(np.flatnonzero(pictures.labels == digit)[0]) for digit in range(SHOWN)]
        examples = tuple(
            Example(
                picture=Array.of(str(row), pictures.images[row].reshape(SIDE, SIDE)),
                logits=tuple(pictures.logits[row].tolist()),
                label=int(pictures.labels[row]),
            )
            for row in (*least_sure.tolist(), *typical)
        )
        return Outcome(
            facts={},
            views=(Softening(labels=DIGITS, examples=examples),),
            on=MeasuredOn(model=TEACHER, dataset="digits", images=len(examples)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseen(Experiment):
    """Students that have never seen one of the digits, taught with labels and with softened distributions.

    Hinton et al. 2015, section 3, on MNIST. As there, the missing class's bias is mended afterwards: here, without
    any label, so that it is given as often as it occurs among the training images.
    """

    name = "unseen"
    uses = (TEACHER,)
    predicts = Number(
        of="soft", unit=Axis(name="recognised", unit="share"), low=0, high=1, step=0.05, near=0.1
    )

    digit: str = param("3", choices=DIGITS)
    temperature: float = param(4.0, low=1, high=20, search=TEMPERATURES)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.lessons.distillation.students import between_students, digits, right, taught

        missing = int(self.digit)
        train, validation = digits(TEACHER, lab)
        shown, asked = train[train.labels != missing], validation[validation.labels == missing]
        facts, series = {}, []
        for name, temperature in (("hard", None), ("soft", self.temperature)):
            student = taught(shown, temperature)
            bias = _bias(student(train.images), missing, float((train.labels == missing).mean()))
            said = student(asked.images)
            facts[f"{name}_before"] = Fact(value=float(right(said, asked.labels).mean()), unit="share")
            said[..., missing] += bias[:, None]
            mean, low, high = between_students(right(said, asked.labels))
            facts[name] = Fact(value=mean, unit="share", low=max(low, 0.0), high=min(high, 1.0))
            series.append(facts[name])
        facts["images"] = Fact(value=len(asked), unit="count")
        return Outcome(
            facts=facts,
            views=(_bars("recognised", ("hard", "soft"), series),),
            on=MeasuredOn(model=TEACHER, dataset="digits", images=len(asked)),
        )


def _bias(logits: Floats, missing: int, share: float) -> Floats:
    """For each student what must be added to a class so that it is given to this share of the images, (STUDENTS,)."""
    others = np.delete(logits, missing, axis=2).max(axis=2)
    found: Floats = -np.quantile(logits[..., missing] - others, 1 - share, axis=1)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Few(Experiment):
    """Few labels: the student alone against students with a teacher, on the same images and on unlabelled ones too."""

    name = "few"
    uses = (TEACHER,)
    predicts = Choice(options=("same_images", "all_images", "neither"))

    labelled: int = param(40, low=1, high=2000, search=LABELLED, unit="images")

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.lessons.distillation.students import between_students, digits, right, taught

        train, validation = digits(TEACHER, lab)
        some = train[_stratified(train, self.labelled)]
        arms = {"alone": (some, None), "same_images": (some, 4.0), "all_images": (train, 4.0)}
        facts = {}
        for name, (shown, temperature) in arms.items():
            mean, low, high = between_students(
                right(taught(shown, temperature)(validation.images), validation.labels)
            )
            facts[name] = Fact(value=mean, unit="share", low=low, high=min(high, 1.0))
        facts["gain"] = Fact(value=facts["all_images"].value - facts["alone"].value, unit="points")
        facts["labelled"] = Fact(value=self.labelled, unit="count")
        return Outcome(
            facts=facts,
            views=(_bars("accuracy", tuple(arms), [facts[name] for name in arms]),),
            on=MeasuredOn(model=TEACHER, dataset="digits", images=len(validation)),
            answer=next(
                (name for name in ("same_images", "all_images") if facts[name].surely_above(facts["alone"])),
                "neither",
            ),
        )


def _stratified(pictures: Pictures, count: int) -> np.ndarray:
    """Places of so many images, all digits as often as can be, in the order of the split."""
    by_digit = [np.flatnonzero(pictures.labels == digit) for digit in range(10)]
    turns = [rows[turn] for turn in range(count // 10 + 1) for rows in by_digit if turn < len(rows)]
    return np.array(turns[:count])


@dataclass(frozen=True, kw_only=True, slots=True)
class Recover(Experiment):
    """A file with fewer channels, recovered with labels, or by the original as teacher without any label."""

    name = "recover"
    uses = (TEACHER,)
    predicts = Choice(options=("labels", "teacher", "same"))

    ratio: float = param(0.6, low=0, high=1, search=(0.4, 0.5, 0.6), unit="share")
    updates: int = param(25, low=1, high=1000, search=(25, 50, 100), unit="updates")

    def run(self, lab: Lab) -> Outcome:
        arms = self._arms()
        measured = {name: lab.measure(TEACHER, *steps) for name, steps in arms.items()}
        files = {name: file_facts(each) for name, each in measured.items()}
        facts = {name: files[name]["quality"] for name in arms}
        facts["file"], facts["original_file"] = files["teacher"]["file"], files["original"]["file"]
        return Outcome(
            facts=facts,
            views=(_bars("accuracy", tuple(arms), [facts[name] for name in arms]),),
            on=measured_on(lab.workload(TEACHER)),
            answer=next(
                (
                    one
                    for one, other in (("labels", "teacher"), ("teacher", "labels"))
                    if facts[one].surely_above(facts[other])
                ),
                "same",
            ),
        )

    def door(self) -> Door:
        arms = self._arms()
        return in_lab(TEACHER, arms["labels"], arms["teacher"])

    def _arms(self) -> dict[str, tuple[Step, ...]]:
        from edgeslim.steps.pruning.channels import ChannelPruning
        from edgeslim.steps.recovery.distilling import DistilFromOriginal
        from edgeslim.steps.recovery.fine_tuning import FineTuning

        pruned = ChannelPruning(ratio=self.ratio, reconstruct="never")
        teacher = DistilFromOriginal(
            steps=self.updates, batch=16, learning_rate=2e-3, trainable="all", train_images=True
        )
        return {
            "original": (),
            "pruned": (pruned,),
            "labels": (pruned, FineTuning(steps=self.updates, batch=16, learning_rate=2e-3)),
            "teacher": (pruned, teacher),
        }


def _bars(figure: str, groups: tuple[str, ...], found: list[Fact]) -> Bars:
    return Bars(
        y=Axis(name=figure, unit="share"),
        groups=groups,
        series=(
            Series(
                name="",
                y=tuple(fact.value for fact in found),
                low=tuple(fact.low or 0.0 for fact in found),
                high=tuple(fact.high or 0.0 for fact in found),
            ),
        ),
    )


LESSONS.add(
    Lesson(
        name="distillation",
        live=Logits,
        experiments=(Unseen, Few, Recover),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="b"),
            Question(name="q2", options=("a", "b", "c"), right="c"),
            Question(name="q3", options=("a", "b", "c"), right="a"),
        ),
        sources=(
            Source(
                title="Hinton, Vinyals, Dean 2015, Distilling the Knowledge in a Neural Network",
                url="https://arxiv.org/abs/1503.02531",
            ),
            Source(
                title="Ba, Caruana 2014, Do Deep Nets Really Need to be Deep?",
                url="https://arxiv.org/abs/1312.6184",
            ),
            Source(
                title="Beyer et al. 2022, Knowledge distillation: A good teacher is patient and consistent",
                url="https://arxiv.org/abs/2106.05237",
            ),
        ),
    )
)
