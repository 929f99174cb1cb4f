"""A study as a document: whole without a network, safe whatever its names are, the same bytes for the same question."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from edgeslim.analysis.compared import Compared
from edgeslim.analysis.errors import boxes_of, mistakes
from edgeslim.analysis.parts import box_parts
from edgeslim.detections import Annotations, Detections
from edgeslim.records import FormerData
from edgeslim.report.choice import choice_lines as shell_lines
from edgeslim.report.findings import choice_lines, finding, recommended
from edgeslim.report.seen import Seen, seen_by
from edgeslim.report.settings import ReportSettings, choice_of
from edgeslim.report.study_report import report_html
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.budget import Budget
from edgeslim.studies.notes import TrialNotes
from edgeslim.studies.study import StudyResult
from edgeslim.texts import LANGUAGES, Language

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{}"
LABELS = ("stop", "yield")
BOXES = np.array([[10, 10, 60, 60], [100, 20, 140, 60]], np.float32)


def seen(labels: tuple[str, ...] = LABELS) -> Seen:
    """Eight images on which the file loses the second box."""
    truth = Annotations.of(BOXES, np.array([0, 1]))
    before = Detections(BOXES, np.array([0.9, 0.8], np.float32), np.array([0, 1]))
    after = Detections(BOXES[:1], np.array([0.9], np.float32), np.array([0]))
    truths, first, second = [truth] * 8, [before] * 8, [after] * 8
    boxes = boxes_of(truths, first, second)
    assert boxes is not None
    found = Compared(mistakes=mistakes(*boxes, len(labels), 0.5), parts=box_parts(*boxes, labels))
    shots = [np.full((96, 144, 3), 90 + place, np.uint8) for place in range(8)]
    return seen_by(labels, truths, first, second, lambda places: [shots[place] for place in places], found)


def document(
    study: StudyResult, seen: Seen | None = None, notes: dict[int, TrialNotes] | None = None, **asked: Any
) -> str:
    return report_html(study, ReportSettings(**asked), seen, notes or {}, {})


@pytest.fixture
def complete(study: dict[str, Any]) -> StudyResult:
    study["state"] = "complete"
    study["trials"] = [trial for trial in study["trials"] if trial["state"] not in ("running", "waiting")]
    return StudyResult.from_json(study)


@pytest.mark.parametrize("language", get_args(Language) or tuple(LANGUAGES))
def test_a_report_says_what_the_screen_says_and_needs_no_network(
    complete: StudyResult, language: Language
) -> None:
    budget = Budget.of(download=400_000, loss=0.02)
    settings = ReportSettings(language=language, budget=budget)
    html = report_html(complete, settings, seen(), {}, {})
    words = StudyWords(language, {}, safe=str)
    choice = choice_of(complete, settings)
    assert f'<h1 id="finding">{finding(complete, choice, words)}</h1>' in html
    plain = re.sub(r"</?strong>", "**", html).replace("&#x27;", "'").replace("&quot;", '"')
    for line in choice_lines(complete, choice, budget, words):
        assert line in plain
    assert all(trial.sha256 in html for trial in complete.trials if trial.sha256)
    page = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r'(?:src|href)="(?!data:|#)', page) and "<link" not in page
    assert html.count('class="chart"') == 5
    assert html.count("<image") == 3 and html.count("<use") == 6, "a picture is stored once, shown thrice"
    assert len(html.encode()) < 6_000_000


def test_of_an_original_that_sees_nothing_no_saving_is_told(complete: StudyResult) -> None:
    blind = tuple(
        replace(trial, accuracy={**(trial.accuracy or {}), "mAP": 0.004}) if not trial.recipe.steps else trial
        for trial in complete.trials
    )
    words = StudyWords("en", {}, safe=str)
    assert "nearly zero" in finding(replace(complete, trials=blind), None, words)
    assert "nearly zero" not in finding(complete, None, words)


def test_the_policy_lets_the_reports_own_scripts_run_and_no_other(complete: StudyResult) -> None:
    html = document(complete)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None and "default-src 'none'" in policy[1] and "unsafe-eval" not in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    assert len(scripts) == 2 and all(f"'sha256-{each}'" in policy[1] for each in hashes)


def test_hostile_names_stay_text(complete: StudyResult) -> None:
    trials = tuple(
        replace(trial, recipe=replace(trial.recipe, name=HOSTILE)) if trial.recipe.steps else trial
        for trial in complete.trials
    )
    study = replace(
        complete,
        name=HOSTILE,
        model=HOSTILE,
        dataset=HOSTILE,
        trials=trials,
        environment={**complete.environment, "cpu": HOSTILE, HOSTILE: HOSTILE},
    )
    html = document(study, seen((HOSTILE, "yield")))
    page = re.sub(r"<script>.*?</script>", "", html, count=0, flags=re.DOTALL)
    assert len(re.findall(r"<script", html)) == 2 + 5, "plotly, the drawing, and the data of five charts"
    assert "<img" not in page and "alert(1)</script>" not in page
    blocks = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert len(blocks) == 5 and all("<" not in block and json.loads(block) for block in blocks)


def test_the_same_question_has_the_same_bytes_and_another_one_others(complete: StudyResult) -> None:
    first = document(complete, seen())
    assert first == document(complete, seen())
    assert first != document(complete, seen(), trial=complete.trials[1].number)
    assert first != document(complete, seen(), notes={1: TrialNotes(star=True)})


def test_without_the_files_a_report_says_so(complete: StudyResult) -> None:
    assert "no pictures and no mistakes by kind" in document(complete)
    assert "not complete" in document(replace(complete, state="paused"))


def test_a_short_report_has_one_chart_and_one_scene(complete: StudyResult) -> None:
    html = document(complete, seen(), short=True)
    assert html.count('class="chart"') == 1 and html.count('class="scene"') == 1
    assert "SHA-256" not in html


def test_a_classifiers_pictures_are_those_whose_class_changed(complete: StudyResult) -> None:
    before = [np.array([0.9, 0.1]), np.array([0.8, 0.2]), np.array([0.3, 0.7])]
    after = [np.array([0.4, 0.6]), np.array([0.7, 0.3]), np.array([0.3, 0.7])]
    asked: list[int] = []

    def images(places: Sequence[int]) -> list[Any]:
        asked.extend(places)
        return [np.zeros((8, 8, 3), np.uint8) for _ in places]

    found = seen_by(LABELS, [0, 0, 1], before, after, images, Compared())
    html = document(complete, found)
    assert asked == [0] and "Of 3 images, the class changed on 1." in html
    assert "ground truth: <b>stop</b><br>original: <b>stop 0.90</b>" in html and "<b>yield 0.60</b>" in html


def test_no_time_is_said_to_be_saved_where_none_was_measured(complete: StudyResult) -> None:
    budget, words = Budget(), StudyWords("en", {}, safe=str)
    timed = " ".join(choice_lines(complete, None, budget, words))
    trials = tuple(replace(trial, latency=None) for trial in complete.trials)
    untimed = " ".join(choice_lines(replace(complete, trials=trials), None, budget, words))
    assert words.t("front.recommended_why_size", points="1.5") in untimed
    assert words.t("front.recommended_why", points="1.5") in timed


def test_a_recommended_file_that_forgot_says_so_in_report_and_shell(complete: StudyResult) -> None:
    budget, words = Budget(), StudyWords("en", {}, safe=str)
    (number,) = {recommended(complete)}
    former = FormerData(
        dataset="scenes", classes=("a",), images=200, before=0.753, after=0.058, change_ci95=(-0.73, -0.66)
    )
    forgot = replace(
        complete,
        trials=tuple(
            replace(trial, former=former) if trial.number == number else trial for trial in complete.trials
        ),
    )
    told = "On scenes, which the model had learnt from, its training changed the score by −69.5 points."
    assert told in " ".join(choice_lines(forgot, None, budget, words))
    assert "scenes" not in " ".join(choice_lines(complete, None, budget, words))
    assert "−69.5 points on 'scenes', which the model had learnt from" in shell_lines(forgot)
    html = document(forgot)
    assert "from scenes: mAP was 75.3 there and is 5.8 now" in html
    assert "Change on the model&#x27;s former data" in html or "Former data" in html
