"""The teacher's board: stepping everyone through, who is where, and the answers while they are hidden from the class."""

from __future__ import annotations

import time
from itertools import pairwise

import streamlit as st

from edgeslim.lessons.base import LESSONS
from edgeslim.rooms.room import HERE, PHASES, ROUNDS, Phase, Place, Room, places
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.lesson.parts import teachers_page
from edgeslim.ui.room.board_people import people
from edgeslim.ui.room.experiment import ask, found, lesson_title, show_distribution, title
from edgeslim.ui.room.links import (
    another_room,
    join_address,
    show_code,
    spelled,
    turn_to,
    warn_where_only_here,
)
from edgeslim.ui.room.style import PEOPLE
from edgeslim.ui.room.watching import WATCH
from edgeslim.ui.state import address, linked, one_of, t
from edgeslim.workbench import rooms

NEXT: dict[Phase, Phase] = dict(pairwise(PHASES))
ICONS: dict[Phase, str] = {
    "predict": "lock_open",
    "discuss": "forum",
    "revote": "how_to_vote",
    "revealed": "visibility",
}


def board(room: Room, teacher: str) -> None:
    """Everything here needs the teacher's token, which the workbench checks at every act."""
    names = {f"{place.lesson}.{place.experiment}": place for place in places()}
    first = next((name for name, place in names.items() if place == room.place), next(iter(names)))
    st.html(PEOPLE)
    st.title(t("room.board", code=spelled(room.code)), anchor=False)
    _state(room)
    left, right = st.columns([3, 2], gap="large")
    with left:
        chosen = st.selectbox(
            t("room.experiment"),
            list(names),
            format_func=lambda name: f"{lesson_title(names[name])} · {title(names[name])}",
            **linked("at", first, one_of(list(names))),
        )
        place = names[chosen or first]
        with boundary():
            _steps(room, teacher, place, list(names.values()))
        st.markdown(f"> {ask(place)}")
        _live(room.code, place)
        teachers_page(LESSONS.get(place.lesson))
        go("lesson", t("room.to_lesson"), icon=":material/menu_book:", lesson=place.lesson)
    with right:
        if not room.ended:
            _links(room)
        turn_to("league", t("league.to"), icon="trophy")
        with boundary():
            _rules(room, teacher)
        people(room, teacher)
        if room.ended or room.rehearsal:
            another_room()


def _state(room: Room) -> None:
    if room.ended:
        st.info(t("room.over"), icon=":material/flag:")
    if room.rehearsal:
        st.info(t("room.is_rehearsal"), icon=":material/theater_comedy:")
    if room.frozen:
        st.warning(t("room.is_frozen"), icon=":material/pause_circle:")


def _steps(room: Room, teacher: str, place: Place, every: list[Place]) -> None:
    """One button for what comes next, small ones for what may come instead."""
    phase = room.phase(place)
    told = [f"**{t(f'room.phase.{one}')}**" if one == phase else t(f"room.phase.{one}") for one in PHASES]
    st.caption(" → ".join(told))
    if room.ended:
        return
    wanted: tuple[Place, Phase] | None = None
    with st.container(horizontal=True):
        if room.place != place:
            if st.button(t("room.bring"), type="primary", icon=":material/group:", key="bring"):
                wanted = place, phase
        elif phase == "revealed":
            after = every[every.index(place) + 1 :]
            if after and st.button(
                t("room.next", title=title(after[0])),
                type="primary",
                icon=":material/arrow_forward:",
                key="next",
            ):
                wanted = after[0], room.phase(after[0])
        else:
            then = NEXT[phase]
            if st.button(
                t(f"room.to.{then}"), type="primary", icon=f":material/{ICONS[then]}:", key=f"to_{then}"
            ):
                wanted = place, then
            early = phase in ("predict", "discuss")
            if early and st.button(t("room.to.revealed"), icon=":material/visibility:", key="reveal_now"):
                wanted = place, "revealed"
            if phase in ("discuss", "revote") and st.button(
                t("room.back"), type="tertiary", icon=":material/undo:", key="step_back"
            ):
                wanted = place, PHASES[PHASES.index(phase) - 1]
    if wanted:
        rooms.step(room.code, teacher, *wanted)
        st.query_params.pop("at", None)
        st.rerun()


@st.fragment(run_every=WATCH)
def _live(code: str, place: Place) -> None:
    """What the class answers; hidden from everybody else until it is revealed."""
    with boundary():
        room = rooms.look(code)
        here = rooms.presence(code)
        now = time.time()
        count = sum(now - here[person.number].seen < HERE for person in room.people if person.number in here)
        round_ = ROUNDS.get(room.phase(place))
        words = t("room.here", here=count, total=len(room.people))
        if round_:
            done = len(room.answers(place, round_))
            words += " · " + t(
                "room.answered", done=done, total=len(room.people), missing=len(room.people) - done
            )
        st.markdown(f"**{words}**")
        show_distribution(room, place, found(place), key="board_distribution")


def _links(room: Room) -> None:
    show_code(room.code)
    warn_where_only_here(room.code)
    with st.container(horizontal=True):
        st.link_button(
            t("room.to_projector"),
            address("room", room=room.code, view="projector", lang=st.query_params.get("lang")),
            icon=":material/cast:",
        )
        st.link_button(t("room.as_student"), join_address(room.code), icon=":material/smartphone:")
    st.caption(f":material/key: {t('room.secret')}")


def _rules(room: Room, teacher: str) -> None:
    """Pace, pause, end and answers."""
    st.segmented_control(
        t("room.pace"),
        ["together", "free"],
        default=room.pace,
        format_func=lambda pace: t(f"room.pace.{pace}"),
        key=f"pace_{room.pace}",
        required=True,
        disabled=room.ended,
    )
    if (pace := st.session_state.get(f"pace_{room.pace}")) and pace != room.pace:
        rooms.set_pace(room.code, teacher, pace)
        st.rerun()
    with st.container(horizontal=True):
        if st.button(
            t("room.thaw") if room.frozen else t("room.freeze"),
            icon=f":material/{'play_circle' if room.frozen else 'pause_circle'}:",
            key="freeze",
            help=t("room.freeze_help"),
            disabled=room.ended,
        ):
            rooms.freeze(room.code, teacher, not room.frozen)
            st.rerun()
        st.download_button(
            t("room.csv"),
            lambda: rooms.answers_csv(room.code, teacher).encode("utf-8-sig"),
            file_name=f"room-{room.code}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="csv",
        )
        with st.popover(t("room.end"), icon=":material/flag:", disabled=room.ended):
            st.markdown(t("room.end_about"))
            if st.button(t("room.end_sure"), type="primary", key="end"):
                rooms.end_room(room.code, teacher)
                st.rerun()
