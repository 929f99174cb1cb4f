"""The student's screen: a phone that follows the teacher."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from edgeslim.report.prediction_sheet import Entry, sheet_html
from edgeslim.rooms.room import ROUNDS, Given, Person, Place, Room, places
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.top import from_the_top
from edgeslim.ui.room.entrance import joining
from edgeslim.ui.room.experiment import (
    answer_line,
    ask,
    ask_for,
    declared,
    found,
    lesson_title,
    right,
    show_beside_truth,
    show_curve,
    show_distribution,
    show_result,
    title,
    why,
)
from edgeslim.ui.room.keys import keep_token, token_here
from edgeslim.ui.room.links import another_room, spelled, turn_to
from edgeslim.ui.room.status import tell_status
from edgeslim.ui.room.style import PEOPLE
from edgeslim.ui.room.watching import state_for_students, watch
from edgeslim.ui.state import language, linked, one_of, t
from edgeslim.workbench import rooms


def student(room: Room) -> None:
    """Join, then predict, discuss, predict again, and see what is true."""
    st.html(PEOPLE)
    token = token_here(room.code)
    if token is None:
        st.title(t("room.board", code=spelled(room.code)), anchor=False)
        return
    if rooms.was_removed(room, token):
        st.title(t("room.removed"), anchor=False)
        another_room()
        return
    tell_status(room)
    person = rooms.person_of(room, token)
    if person is None:
        _join(room)
        return
    if room.ended:
        _ended(room, person)
    elif room.pace == "free":
        _alone(room, person, token)
    else:
        _together(room, person, token)


def _join(room: Room) -> None:
    if room.ended:
        st.title(t("room.over"), anchor=False)
        return
    joined = joining(room.code)
    if joined is not None:
        keep_token(room.code, joined[1])
        st.rerun()
    watch(room.code, state_for_students(room, None))


def _together(room: Room, person: Person, token: str) -> None:
    place = room.place
    if room.frozen:
        st.info(t("room.is_frozen"), icon=":material/pause_circle:")
    if place is None:
        st.title(t("room.in"), anchor=False)
        st.markdown(t("room.wait_begin"))
    else:
        _place(room, person, token, place)
    _look_back(room, person, place)
    _who(room, person)
    watch(room.code, state_for_students(room, person.number), person.number)


def _place(room: Room, person: Person, token: str, place: Place) -> None:
    phase = room.phase(place)
    from_the_top(f"{place.lesson}.{place.experiment}.{phase}")
    st.caption(f"{lesson_title(place)} · {t(f'room.phase.{phase}')}")
    if phase == "closed":
        st.title(title(place), anchor=False)
        st.markdown(t("room.wait_open"))
    elif phase == "discuss":
        st.title(t("room.discuss"), anchor=False)
        st.markdown(ask(place))
        _mine(room, person, place)
        last = _last(room, person, place)
        if last is not None:
            show_curve(place, last.value)
        st.markdown(t("room.discuss_about"))
    elif phase == "revealed":
        _revealed(room, person, place)
    else:
        st.title(ask(place), anchor=False)
        _predict(room, person, token, place, ROUNDS[phase])


def _predict(room: Room, person: Person, token: str, place: Place, round_: int) -> None:
    given = room.answer_of(person.number, place, round_)
    former = given or room.answer_of(person.number, place, 1)
    if given is None:
        st.markdown(t("room.again") if round_ == 2 else t("room.predict_about"))
    else:
        told = answer_line("given", place, given.value) or t("room.given_curve")
        st.success(told, icon=":material/check_circle:")
    key = f"{place.lesson}_{place.experiment}_{round_}"
    with st.form(f"predict_{key}", border=False):
        value = ask_for(place, former.value if former else None, f"prediction_{key}")
        label = t("room.change") if given else t("room.commit")
        sent = st.form_submit_button(
            label, type="secondary" if given else "primary", icon=":material/lock:", disabled=room.frozen
        )
    if sent and value is None:
        st.warning(t("room.choose"), icon=":material/touch_app:")
    elif sent:
        with boundary():
            rooms.answer(room.code, token, place, value)
            st.rerun()


def _mine(room: Room, person: Person, place: Place) -> None:
    for round_ in (1, 2):
        given = room.answer_of(person.number, place, round_)
        if given is not None and (told := answer_line(f"round.{round_}", place, given.value)):
            st.markdown(told)


def _last(room: Room, person: Person, place: Place) -> Given | None:
    return room.answer_of(person.number, place, 2) or room.answer_of(person.number, place, 1)


def _revealed(room: Room, person: Person, place: Place) -> None:
    here, last = found(place), _last(room, person, place)
    if here is None or last is None:
        st.title(title(place), anchor=False)
    else:
        came_true = right(place, last.value, here)
        st.title(t("room.was_right") if came_true else t("room.was_wrong"), anchor=False)
    _told(room, person, place, views=True)
    st.header(t("room.class"), anchor=False)
    show_distribution(room, place, here, key=f"class_{place.lesson}_{place.experiment}")
    mine = [each for each in places() if _last(room, person, each)] if room.pace == "free" else []
    if told := why(place, {*room.revealed, *mine}):
        st.header(t("room.why"), anchor=False)
        st.markdown(told)


def _told(room: Room, person: Person, place: Place, *, views: bool = False) -> None:
    """One's own predictions, and what is true beside the last of them."""
    here, last = found(place), _last(room, person, place)
    st.markdown(f"**{ask(place)}**")
    if here is None:
        _mine(room, person, place)
        st.info(t("room.not_computed"), icon=":material/hourglass_top:")
        return
    if last is None:
        if told := answer_line("truth", place, here.truth):
            st.markdown(f"**{told}**")
    else:
        _mine(room, person, place)
        show_beside_truth(place, last.value, here)
    show_result(place, here, views=views)


def _alone(room: Room, person: Person, token: str) -> None:
    """At one's own pace: an answer, then at once what is true."""
    every = list(places())
    done = [place for place in every if room.answer_of(person.number, place, 1)]
    names = {f"{place.lesson}.{place.experiment}": place for place in every}
    first = next((name for name, place in names.items() if place not in done), next(iter(names)))
    chosen = st.selectbox(
        t("room.where", done=len(done), total=len(every)),
        list(names),
        format_func=lambda name: f"{'✓ ' if names[name] in done else ''}{title(names[name])}",
        **linked("at", first, one_of(list(names))),
    )
    place = names[chosen or first]
    st.caption(lesson_title(place))
    if place in done or room.phase(place) == "revealed":
        _revealed(room, person, place)
    else:
        st.title(ask(place), anchor=False)
        _predict(room, person, token, place, 1)
    _who(room, person)
    watch(room.code, state_for_students(room, person.number), person.number, place)


def _look_back(room: Room, person: Person, now: Place | None) -> None:
    """What the class has seen until now, for late comers and for doubts."""
    before = {f"{place.lesson}.{place.experiment}": place for place in room.revealed if place != now}
    if not before:
        return
    chosen = st.selectbox(
        t("room.before"),
        list(before),
        format_func=lambda name: title(before[name]),
        placeholder=t("room.before_choose"),
        **linked("back", None, one_of(list(before)), clearable=True),
    )
    if chosen:
        with st.container(border=True):
            _told(room, person, before[chosen])


def _ended(room: Room, person: Person) -> None:
    st.title(t("room.over"), anchor=False)
    st.markdown(t("room.over_about"))
    seen = [place for place in places() if _has_seen(room, person, place)]
    _keep(room, person, seen)
    for place in seen:
        with st.container(border=True):
            _told(room, person, place)
    _who(room, person)
    another_room()


def _has_seen(room: Room, person: Person, place: Place) -> bool:
    alone = _last(room, person, place)
    return room.phase(place) == "revealed" or bool(alone and alone.alone)


def _keep(room: Room, person: Person, seen: Sequence[Place]) -> None:
    """What this person predicted last and what was true, as a page to take home."""
    entries, chosen = [], language()
    for place in seen:
        last, here = _last(room, person, place), found(place)
        if last is not None and here is not None:
            judged = right(place, last.value, here)
            told = Entry(place.lesson, declared(place), last.value, here.truth, here.interval, judged)
            entries.append(told)
    if entries:
        st.download_button(
            t("learn.sheet_download"),
            lambda: sheet_html(entries, chosen).encode(),
            file_name="edgeslim-predictions.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
            key="keep_predictions",
        )


def _who(room: Room, person: Person) -> None:
    """The name as it was typed: plain text, whatever it holds."""
    with st.container(horizontal=True, key="room_who"):
        st.text(t("room.you", name=person.name))
        if room.rehearsal:
            st.caption(t("room.is_rehearsal"))
    if room.league is not None:
        turn_to("league", t("league.to"), icon="trophy")
