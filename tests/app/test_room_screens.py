"""A room's screens, in every phase and for every experiment of the course."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.lessons.predictions import Choice, Curve
from edgeslim.rooms import database
from edgeslim.rooms.room import PHASES, Phase, Place, places
from edgeslim.rooms.taking_part import Joined
from edgeslim.rooms.teaching import Opened
from edgeslim.ui.room.watching import state_for_students
from edgeslim.workbench import rooms

HOSTILE = "<b>x</b> www.a.io"
CHOICE = next(place for place in places() if place.declared and isinstance(place.declared.predicts, Choice))
Show = Callable[..., AppTest]


@pytest.fixture
def store(world: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Of a machine whose datasets have as many images as a lesson asks for."""
    image = np.full((96, 144, 3), 120, np.uint8)

    def images(dataset: str, split: str | None = None, start: int = 0, count: int = 24) -> list[Any]:
        return [(f"scene-{place}", image, None) for place in range(start, start + count)]

    monkeypatch.setattr(workbench, "gallery_images", images)
    return Store(tmp_path)


@pytest.fixture
def opened(store: Store) -> Opened:
    return rooms.open_room(store)


@pytest.fixture
def anna(opened: Opened, store: Store) -> Joined:
    return rooms.join(opened.code, HOSTILE, store)


@pytest.fixture
def student(show: Show, opened: Opened, anna: Joined) -> Show:
    """The page of somebody who has joined: the browser has told the token."""

    def open_(locale: str = "en-US", **parameters: str) -> AppTest:
        app = show("room", locale, room=opened.code, **parameters)
        app.session_state["room_token"] = (opened.code, anna.token)
        return app.run()

    return open_


def written(app: AppTest) -> list[str]:
    """What is shown as markup."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.success,
        app.error,
    )
    return [str(element.value) for kind in kinds for element in kind]


def bring(opened: Opened, store: Store, place: Place, phase: Phase) -> None:
    rooms.step(opened.code, opened.teacher, place, phase, store)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_without_a_room_one_can_enter_or_open_one(show: Show, store: Store, locale: str) -> None:
    app = show("room", locale)
    assert not app.exception and app.title[0].value in ("A room for the class", "课堂房间")
    app.button(key="open_room").click().run()
    assert not app.exception and not app.error
    assert rooms.look(app.query_params["room"], store).people == ()
    assert app.button(key="freeze").label in ("Pause", "暂停")


def test_a_teacher_who_left_by_the_sidebar_finds_the_way_back(show: Show, store: Store) -> None:
    app = show("room")
    assert "back_to_room" not in [each.key for each in app.button]
    app.button(key="open_room").click().run()
    code, teacher = app.query_params["room"], app.query_params["teacher"]
    app.query_params.clear()
    app.run()
    app.button(key="back_to_room").click().run()
    assert not app.exception
    assert (app.query_params["room"], app.query_params["teacher"]) == (code, teacher)
    assert "freeze" in [each.key for each in app.button]


def test_a_room_that_is_none_says_so(show: Show, world: object) -> None:
    app = show("room", room="ABCDEF")
    assert "There is no room “ABCDEF”" in app.error[0].value and not app.exception
    next(button for button in app.button if button.label == "Another room").click().run()
    assert "room" not in app.query_params and app.title[0].value == "A room for the class"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_its_screens(
    show: Show, student: Show, opened: Opened, anna: Joined, store: Store, phase: Phase, locale: str
) -> None:
    bring(opened, store, CHOICE, "predict")
    assert CHOICE.declared and isinstance(CHOICE.declared.predicts, Choice)
    rooms.answer(opened.code, anna.token, CHOICE, CHOICE.declared.predicts.options[0], store)
    bring(opened, store, CHOICE, phase)
    pages = {
        "student": student(locale),
        "teacher": show("room", locale, room=opened.code, teacher=opened.teacher),
        "projector": show("room", locale, room=opened.code, view="projector"),
    }
    for name, app in pages.items():
        assert not app.exception and not app.error, name
        assert HOSTILE not in "".join(written(app)), f"a name is never markup: {name}"
        assert opened.teacher not in "".join(written(app)) and anna.token not in "".join(written(app))
    assert bool(pages["student"].radio) == (phase in ("predict", "revote"))
    charts = {name: len(app.get("plotly_chart")) for name, app in pages.items()}
    told = int(phase == "revealed")
    assert charts == {"student": told, "teacher": 1, "projector": told}, "hidden until it is revealed"
    assert HOSTILE in "".join(text.value for text in pages["student"].text)


@pytest.mark.parametrize("place", list(places()), ids=lambda place: f"{place.lesson}-{place.experiment}")
def test_every_experiment_can_be_predicted_and_revealed(
    student: Show, show: Show, opened: Opened, anna: Joined, store: Store, place: Place
) -> None:
    bring(opened, store, place, "predict")
    app = student()
    assert not app.exception
    assert place.declared
    predicts = place.declared.predicts
    if isinstance(predicts, Choice):
        app.radio[0].set_value(app.radio[0].options[0])
    elif isinstance(predicts, Curve):
        heights = [predicts.low] * len(place.declared.along(predicts.along))
        app.session_state[f"prediction_{place.lesson}_{place.experiment}_1"] = {"heights": heights}
    next(button for button in app.button if button.label == "Predict").click().run()
    assert not app.exception and not app.error
    assert anna.number in rooms.look(opened.code, store).answers(place, 1)
    bring(opened, store, place, "revealed")
    for app in (student(), show("room", room=opened.code, view="projector")):
        assert not app.exception and not app.error and not app.info, "what ships is computed"


@pytest.mark.parametrize("token", ["", "x", "0" * 32])
def test_a_wrong_token_opens_no_board(show: Show, opened: Opened, token: str) -> None:
    app = show("room", room=opened.code, teacher=token)
    assert "Only the teacher" in app.error[0].value
    assert [button.key for button in app.button if button.key in ("freeze", "csv", "end", "bring")] == []


def test_alone_the_truth_follows_the_answer(
    student: Show, opened: Opened, anna: Joined, store: Store
) -> None:
    rooms.set_pace(opened.code, opened.teacher, "free", store)
    at = f"{CHOICE.lesson}.{CHOICE.experiment}"
    app = student(at=at)
    assert app.radio and not app.get("plotly_chart")
    assert CHOICE.declared and isinstance(CHOICE.declared.predicts, Choice)
    rooms.answer(opened.code, anna.token, CHOICE, CHOICE.declared.predicts.options[0], store)
    app = student(at=at)
    assert not app.radio and app.get("plotly_chart")


def test_at_the_end_everybody_keeps_what_was_true(
    student: Show, show: Show, opened: Opened, anna: Joined, store: Store
) -> None:
    def board() -> list[str]:
        app = show("room", room=opened.code, teacher=opened.teacher)
        assert not app.exception
        return [link.proto.label for link in app.get("link_button")]

    bring(opened, store, CHOICE, "revealed")
    assert "Projector view" in board()
    rooms.end_room(opened.code, opened.teacher, store)
    app = student()
    assert app.title[0].value == "The class is over"
    assert any("Measured: " in text for text in written(app))
    assert "Projector view" not in board(), "nobody can join any more"


def test_answers_of_others_do_not_draw_a_students_page_anew(
    opened: Opened, anna: Joined, store: Store
) -> None:
    bring(opened, store, CHOICE, "predict")
    ben = rooms.join(opened.code, "Ben", store)
    before = rooms.look(opened.code, store)
    assert CHOICE.declared and isinstance(CHOICE.declared.predicts, Choice)
    rooms.answer(opened.code, ben.token, CHOICE, CHOICE.declared.predicts.options[0], store)
    after = rooms.look(opened.code, store)
    assert after.version > before.version
    assert state_for_students(after, anna.number) == state_for_students(before, anna.number)
    rooms.remove_person(opened.code, opened.teacher, ben.number, store)
    assert state_for_students(rooms.look(opened.code, store), anna.number) != state_for_students(
        before, anna.number
    )


@pytest.fixture(autouse=True)
def closed() -> object:
    yield
    database.close()
