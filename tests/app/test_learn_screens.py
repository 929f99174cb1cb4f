"""The course and its lessons: nothing is shown before it is predicted, and what was predicted stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.lessons import LESSONS
from edgeslim.lessons.distillation import Few, Recover
from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.lesson import outcomes
from edgeslim.workbench import lessons

Open = Callable[..., AppTest]
WORDS = LessonWords("en", "distillation")


def button(screen: AppTest, key: str) -> Any:
    return next(each for each in screen.button if each.key == key)


def keys(screen: AppTest) -> set[str]:
    return {each.key for each in screen.button}


def told(screen: AppTest) -> str:
    return "\n".join(
        each.value for each in (*screen.markdown, *screen.success, *screen.warning, *screen.info)
    )


def test_every_lesson_has_its_card_with_its_question(show: Open) -> None:
    screen = show("learn")
    assert screen.title[0].value == f"{len(LESSONS.names())} questions about small networks"
    captions = [each.value for each in screen.caption]
    assert sum("predicted" in caption for caption in captions) == len(LESSONS.names())
    assert WORDS.t("learn.sheet_empty") in told(screen)


def test_the_course_says_how_much_of_it_is_still_to_be_computed(
    show: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "edgeslim learn prepare" not in told(show("learn"))
    kept = dict(list(lessons.kept._shipped(lessons.kept.SHIPPED / "pruning.json").items())[7:])
    shipped = lessons.kept._shipped
    monkeypatch.setattr(
        lessons.kept, "_shipped", lambda path: kept if path.stem == "pruning" else shipped(path)
    )
    outcomes._count_missing.clear()
    said = next(line for line in told(show("learn")).splitlines() if "edgeslim learn prepare" in line)
    assert said.startswith("7 results of this course")


def test_the_truth_shows_after_the_prediction_is_locked_and_run(show: Open) -> None:
    screen = show("lesson", lesson="distillation")
    result = WORDS.result("few", _outcome(Few()))
    lock = button(screen, "lock_distillation_few")
    assert lock.disabled and result not in told(screen)
    screen.radio(key="predict_distillation_few").set_value("neither").run()
    button(screen, "lock_distillation_few").click().run()
    assert WORDS.t("learn.locked", answer=WORDS.answer(Few, "neither")) in told(screen)
    assert result not in told(screen) and "lock_distillation_few" not in keys(screen)
    button(screen, "run_distillation_few").click().run()
    assert result in told(screen)
    assert (WORDS.t("learn.right") in told(screen)) is (_outcome(Few()).answer == "neither")


def test_controls_move_along_what_was_computed_and_stand_in_the_address(show: Open) -> None:
    screen = show("lesson", lesson="distillation", **{"recover.ratio": "0.4"})
    screen.radio(key="predict_distillation_recover").set_value("labels").run()
    button(screen, "lock_distillation_recover").click().run()
    button(screen, "run_distillation_recover").click().run()
    assert WORDS.result("recover", _outcome(Recover(ratio=0.4))) in told(screen)
    screen.select_slider(key="linked_recover.ratio").set_value(0.5).run()
    assert WORDS.result("recover", _outcome(Recover(ratio=0.5))) in told(screen)
    assert screen.query_params["recover.ratio"] == "0.5"


def test_a_missing_outcome_is_asked_for_and_its_progress_is_shown(
    show: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(lessons, "lesson_outcome", lambda lesson, setting, store=None: None)
    monkeypatch.setattr(
        lessons, "begin_outcome", lambda lesson, setting, store=None: begun.append(setting.name)
    )
    monkeypatch.setattr(
        lessons,
        "outcome_status",
        lambda lesson, setting, store=None: (
            ErrandStatus(state="running", pid=1, started="") if setting.name in begun else None
        ),
    )
    screen = show("lesson", lesson="distillation")
    screen.radio(key="predict_distillation_few").set_value("neither").run()
    button(screen, "lock_distillation_few").click().run()
    button(screen, "compute_distillation_few").click().run()
    assert begun == ["few"]
    assert any("Computing result 1 of 1" in each.value for each in screen.caption)


def test_every_answer_has_its_feedback(show: Open) -> None:
    screen = show("lesson", lesson="distillation")
    question = LESSONS.get("distillation").questions[0]
    for option in question.options:
        screen.radio(key=f"question_distillation_{question.name}").set_value(option).run()
        shown = screen.success if option == question.right else screen.info
        assert WORDS.say(f"{question.name}.{option}_why") in [each.value for each in shown]


def test_the_chosen_device_is_the_goal_of_all_lessons(show: Open) -> None:
    screen = show("learn")
    screen.selectbox(key="linked_device").set_value("phone").run()
    assert screen.query_params["device"] == "phone" and screen.session_state["learn_device"] == "phone"


def test_a_lesson_that_is_none_is_called_so(show: Open) -> None:
    screen = show("lesson", lesson="nothing")
    assert "nothing" in screen.error[0].value and screen.title[0].value == "Lesson"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    outcomes._kept.clear()
    outcomes._count_missing.clear()


def _outcome(setting: Few | Recover) -> Any:
    found = lessons.lesson_outcome("distillation", setting, Store())
    assert found is not None, "it ships"
    return found
