"""Lessons: what an experiment gave, having a missing outcome computed, preparing and publishing all of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.detections import Image
from edgeslim.errors import EdgeSlimError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import RunExperiment
from edgeslim.lessons import LESSONS, kept
from edgeslim.lessons.base import Experiment, Lesson, Outcome, truth
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.predictions import Answer, Curve, Number, Verdict, judge
from edgeslim.lessons.views import Scene, Scenes
from edgeslim.progress import Progress, silent
from edgeslim.report.handout import handout_html
from edgeslim.report.lesson_axes import Limit
from edgeslim.texts import Language
from edgeslim.workbench.datasets import gallery_images


@dataclass(frozen=True, slots=True)
class Found:
    """What came true of a prediction: the outcome of the defaults, and its own uncertainty where it has one."""

    outcome: Outcome
    truth: Answer
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class LessonEntry:
    """A lesson as it is listed; `missing` are settings that were never computed here."""

    name: str
    minutes: int
    experiments: int
    settings: int
    missing: int


def course() -> tuple[Lesson, ...]:
    """The lessons in the order in which they are taught."""
    return tuple(LESSONS)


def list_lessons(store: Store | None = None) -> list[LessonEntry]:
    """All lessons in the order of the course."""
    return [
        LessonEntry(
            name=one.name,
            minutes=one.minutes,
            experiments=len(one.experiments),
            settings=sum(1 for experiment in one.all for _ in experiment.grid()),
            missing=len(kept.missing((one,), store or Store())),
        )
        for one in LESSONS
    ]


def count_missing(store: Store | None = None) -> int:
    """How many outcomes of the whole course were never computed here."""
    return len(kept.missing(course(), store or Store()))


def find_lesson(name: str) -> Lesson:
    """Raises EdgeSlimError (unknown_name)."""
    return LESSONS.get(name)


def lesson_outcome(lesson: str, setting: Experiment, store: Store | None = None) -> Outcome | None:
    """What an experiment gave at a setting; None if it was never computed here."""
    return kept.outcome(lesson, setting, store or Store())


def settings_for_truth(experiment: type[Experiment]) -> tuple[Experiment, ...]:
    """The settings that a prediction is about, the defaults first."""
    predicted = experiment.predicts
    others = experiment.along(predicted.along) if isinstance(predicted, Curve) else ()
    return experiment(), *(each for each in others if each != experiment())


def found(lesson: str, experiment: type[Experiment], store: Store | None = None) -> Found | None:
    """What came true; None while not all of it was computed here."""
    outcomes = {}
    for setting in settings_for_truth(experiment):
        outcome = lesson_outcome(lesson, setting, store)
        if outcome is None:
            return None
        outcomes[setting] = outcome
    here, predicted = outcomes[experiment()], experiment.predicts
    fact = here.facts.get(predicted.of) if isinstance(predicted, Number) else None
    interval = None
    if fact is not None and fact.low is not None and fact.high is not None:
        interval = (fact.low, fact.high)
    return Found(here, truth(experiment, outcomes), interval)


def verdict(experiment: type[Experiment], given: Answer, here: Found) -> Verdict:
    """Whether a prediction came true, or how far off it was."""
    assert experiment.predicts is not None, "judged is what was predicted"
    return judge(experiment.predicts, given, here.truth, here.interval)


def begin_outcome(lesson: str, setting: Experiment, store: Store | None = None) -> None:
    """Begin to compute a missing outcome in a process that all share who want it. Raises StoreError."""
    errand.begin(store or Store(), _errand(lesson, setting))


def outcome_status(lesson: str, setting: Experiment, store: Store | None = None) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    return errand.status(store or Store(), _errand(lesson, setting).key)


def _errand(lesson: str, setting: Experiment) -> RunExperiment:
    return RunExperiment(
        lesson=lesson,
        experiment=setting.name,
        values=setting.values,
        key=f"lesson-{kept.key_of(lesson, setting)}",
    )


def run_setting(
    lesson: str,
    experiment: str,
    values: dict[str, str],
    store: Store | None = None,
    progress: Progress = silent,
) -> Outcome:
    """The outcome at these values, kept or computed now, in this process. Raises EdgeSlimError."""
    declared = find_lesson(lesson).experiment(experiment)
    if declared is None:
        known = ", ".join(each.name for each in find_lesson(lesson).all)
        raise EdgeSlimError("no_experiment", lesson=lesson, experiment=experiment, known=known)
    typed = {each.name: each.type for each in declared.controls()}
    given = {name: _typed(text, typed.get(name, str)) for name, text in values.items()}
    return kept.computed(lesson, declared.read(given), Lab(store or Store(), progress))


def handout(name: str, language: Language, store: Store | None = None, limit: Limit | None = None) -> str:
    """The lesson on paper, as one HTML file (report.handout). Raises EdgeSlimError, DatasetError."""
    lesson, store = find_lesson(name), store or Store()
    outcomes = {
        one: outcome
        for one in lesson.experiments
        if (outcome := lesson_outcome(name, one(), store)) is not None
    }

    truths = {
        one: here.truth
        for one in lesson.experiments
        if one.predicts is not None and (here := found(name, one, store)) is not None
    }

    def look(view: Scenes, scene: Scene) -> Image:
        return gallery_images(view.dataset, view.split, start=scene.place, count=1, store=store)[0][1]

    return handout_html(lesson, outcomes, truths, language, look, limit)


def _typed(text: str, kind: type) -> object:
    """A value as a shell gives it; what is none of its type stays text, and validation says so."""
    if kind is str:
        return text
    try:
        return json.loads(text.lower())
    except ValueError:
        return text


def prepare_lessons(
    names: tuple[str, ...] = (), store: Store | None = None, progress: Progress = silent
) -> int:
    """Compute all that is missing, of all lessons or these; return how many. Raises EdgeSlimError."""
    lessons = tuple(find_lesson(name) for name in names) or tuple(LESSONS)
    return len(kept.prepare(store or Store(), lessons, progress))


def publish_lesson(name: str, store: Store | None = None, folder: Path = kept.SHIPPED) -> Path:
    """Write a lesson's outcomes into the file that ships with the product. Raises EdgeSlimError."""
    lesson, store = find_lesson(name), store or Store()
    missing = kept.missing((lesson,), store)
    if missing:
        raise EdgeSlimError("lesson_unprepared", lesson=name, count=len(missing))
    return kept.publish(lesson, store, folder)
