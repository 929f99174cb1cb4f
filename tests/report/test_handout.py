"""Lessons on paper, and the sheet of predictions: whole without any network, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons import LESSONS
from edgeslim.lessons.base import Lesson
from edgeslim.lessons.distillation import Few, Unseen
from edgeslim.lessons.predictions import Curve
from edgeslim.lessons.views import Boxes, Scene, Scenes
from edgeslim.report.lesson_scenes import scenes_html
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.prediction_sheet import Entry, sheet_html
from edgeslim.texts import Language
from edgeslim.workbench import lessons

OUTSIDE = re.compile(r'(?:src|href)="(?!data:|https://)|<link|<script|url\(|@import')
"""Anything that a browser would fetch; addresses of sources are links that a reader may follow."""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("lesson", tuple(LESSONS), ids=lambda lesson: lesson.name)
def test_a_hand_out_is_whole_without_a_network(lesson: Lesson, language: Language, tmp_path: Path) -> None:
    html = lessons.handout(lesson.name, language, Store(tmp_path))
    words = LessonWords(language, lesson.name)
    assert not OUTSIDE.search(html) and '<img src="http' not in html
    assert html.index(words.t("learn.paper_predict")) < html.index(words.t("learn.paper_true"))
    assert all(
        words.say(f"{one.name}.title") in html.replace("&#x27;", "'").replace("&quot;", '"')
        for one in lesson.experiments
    )
    assert len(html) < 1_000_000
    answers, asked = (
        html.split(words.t("learn.paper_true"))[1],
        [each.predicts for each in lesson.experiments],
    )
    curves = sum(isinstance(each, Curve) for each in asked)
    lines = sum(each is not None for each in asked) - curves
    assert answers.count(f"<strong>{words.t('room.truth')}") == lines, "each prediction has its answer"
    assert answers.count(f">{words.word('truth')}</text>") == 2 * curves, "a narrow drawing and a wide one"


def test_a_scene_on_paper_has_the_boxes_above_the_threshold() -> None:
    view = Scenes(
        dataset="street-signs",
        split="gallery",
        names=("original",),
        labels=("stop",),
        scenes=(
            Scene(
                place=0,
                files=(Boxes(boxes=((1, 2, 11, 22), (0, 0, 5, 5)), scores=(0.9, 0.2), classes=(0, 0)),),
            ),
        ),
    )
    html = scenes_html(
        view, LessonWords("en", "pruning"), lambda view, scene: np.zeros((40, 60, 3), np.uint8)
    )
    assert re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', html) == [("1.0", "2.0", "10.0")]


def test_the_sheet_of_predictions_holds_each_with_its_truth() -> None:
    entries = [
        Entry("distillation", Unseen, 0.25, 0.75, (0.7, 0.8), right=False),
        Entry("distillation", Few, "all_images", "all_images", None, right=True),
    ]
    html = sheet_html(entries, "en")
    assert "1 of 2 predictions were right." in html and not OUTSIDE.search(html)
    assert "your prediction: 25 %" in html and "measured: 75 %" in html
    assert html.count("It turned out differently.") == 1
