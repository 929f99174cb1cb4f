"""What every lesson promises, whoever wrote it."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from collections.abc import Iterator

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons import LESSONS
from edgeslim.lessons.base import Experiment, Lesson, Outcome, values_of
from edgeslim.lessons.kept import missing, outcome
from edgeslim.lessons.predictions import Choice, Curve, Number
from edgeslim.ui.i18n import LANGUAGES, locale
from edgeslim.workbench import read_recipe

POINTS = 40
EXPERIMENTS = [(lesson, experiment) for lesson in LESSONS for experiment in lesson.all]
IDS = [f"{lesson.name}-{experiment.name}" for lesson, experiment in EXPERIMENTS]


def test_declaring_lessons_costs_neither_torch_nor_onnxruntime() -> None:
    code = "import sys, edgeslim.lessons; assert not {'torch', 'onnxruntime'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("lesson", tuple(LESSONS), ids=lambda lesson: lesson.name)
def test_a_lesson_has_all_its_words_in_every_language(lesson: Lesson) -> None:
    for language in LANGUAGES:
        lacking = [key for key in _words(lesson) if not locale(language).get(key)]
        assert not lacking, f"{language} lacks {lacking}"


@pytest.mark.parametrize("lesson", tuple(LESSONS), ids=lambda lesson: lesson.name)
def test_the_idea_is_short_enough_to_be_read(lesson: Lesson) -> None:
    assert len(locale("en")[f"lesson.{lesson.name}.idea"].split()) < 150
    assert len(locale("zh")[f"lesson.{lesson.name}.idea"]) < 300


@pytest.mark.parametrize("lesson", tuple(LESSONS), ids=lambda lesson: lesson.name)
def test_a_lesson_asks_three_questions_and_names_its_sources(lesson: Lesson) -> None:
    assert len(lesson.questions) == 3
    assert all(question.right in question.options for question in lesson.questions)
    assert lesson.sources and all(source.url.startswith("https://") for source in lesson.sources)
    assert any(experiment.predicts for experiment in lesson.experiments)


@pytest.mark.parametrize(("lesson", "experiment"), EXPERIMENTS, ids=IDS)
def test_controls_snap_to_few_points(lesson: Lesson, experiment: type[Experiment]) -> None:
    points = list(experiment.grid())
    assert 1 <= len(points) <= POINTS and len(set(points)) == len(points)
    assert all(control.default in values_of(control) for control in experiment.controls())


@pytest.mark.parametrize("lesson", tuple(LESSONS), ids=lambda lesson: lesson.name)
def test_what_ships_answers_at_once(lesson: Lesson, tmp_path) -> None:
    assert missing((lesson,), Store(tmp_path)) == []


@pytest.mark.parametrize(("lesson", "experiment"), EXPERIMENTS, ids=IDS)
def test_outcomes_hold_what_is_predicted_and_told(
    lesson: Lesson, experiment: type[Experiment], tmp_path
) -> None:
    told = {
        name
        for language in LANGUAGES
        for _, name, _, _ in string.Formatter().parse(
            locale(language).get(f"lesson.{lesson.name}.{experiment.name}.result", "")
        )
        if name
    }
    for setting in experiment.grid():
        found = outcome(lesson.name, setting, Store(tmp_path))
        assert found is not None and found.views
        assert told <= set(found.facts), f"no facts {told - set(found.facts)} at {setting}"
        _holds(experiment, found)


def test_doors_lead_to_recipes_that_can_be_run() -> None:
    doors = [setting.door() for _, experiment in EXPERIMENTS for setting in experiment.grid()]
    brought = [door.parameters["recipes"] for door in doors if door and "recipes" in door.parameters]
    assert len(brought) > 100
    for text in brought:
        assert all(read_recipe(recipe).steps for recipe in json.loads(str(text)))


def _holds(experiment: type[Experiment], found: Outcome) -> None:
    predicted = experiment.predicts
    if isinstance(predicted, Choice):
        assert found.answer in predicted.options
    elif isinstance(predicted, Number | Curve):
        assert predicted.low <= found.facts[predicted.of].value <= predicted.high


def _words(lesson: Lesson) -> Iterator[str]:
    base = f"lesson.{lesson.name}"
    yield from (f"{base}.{part}" for part in ("title", "idea", "why", "field"))
    yield from (
        f"{base}.teacher.{part}" for part in ("claim", "evidence", "plan", "answers", "misconceptions")
    )
    for question in lesson.questions:
        yield f"{base}.{question.name}.ask"
        for option in question.options:
            yield from (f"{base}.{question.name}.{option}", f"{base}.{question.name}.{option}_why")
    for experiment in lesson.all:
        here = f"{base}.{experiment.name}"
        yield f"{here}.title"
        for control in experiment.controls():
            yield f"{here}.{control.name}"
            yield from (f"{here}.{control.name}.{value}" for value in control.choices or ())
        if experiment is lesson.live:
            continue
        yield f"{here}.result"
        if experiment.predicts is not None:
            yield f"{here}.ask"
        if isinstance(experiment.predicts, Choice):
            yield from (f"{here}.option.{option}" for option in experiment.predicts.options)
