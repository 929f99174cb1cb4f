"""The league of a room: whose file is the most accurate within a budget? Board, chart, entries of one's own."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.league_chart import league_chart
from edgeslim.rooms.league import Board, Line
from edgeslim.rooms.room import ROUNDS, League, LeagueState, Person, Room
from edgeslim.studies.file_scores import FileScores
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.navigation import go, presenting
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.words import figure_name
from edgeslim.ui.i18n import plain
from edgeslim.ui.room.keys import token_here
from edgeslim.ui.room.league_entry import entry_form
from edgeslim.ui.room.league_table import board_table
from edgeslim.ui.room.links import turn_to
from edgeslim.ui.room.status import status, tell_status
from edgeslim.ui.room.style import PROJECTOR
from edgeslim.ui.room.watching import WATCH, state_for_students, tell_here
from edgeslim.ui.state import address, t
from edgeslim.units import format_bytes
from edgeslim.workbench import league as leagues
from edgeslim.workbench import rooms

CONFIG = {"displayModeBar": False}
LOOK = WATCH + 0.5
"""Seconds between two looks at the board: fewer than at a room, since a study is read."""
MODELS = {"digits-cnn": "digits", "street-signs-small": "street-signs"}
"""Those whose recipes take seconds, with their data."""
BUDGETS = {"digits-cnn": 15, "street-signs-small": 100}
"""Kilobytes: what most first attempts exceed or pay dearly for."""


def league_page(room: Room, teacher: str | None) -> None:
    """The league, as its teacher, as somebody of the room, or as an onlooker (the projector)."""
    if presenting():
        st.html(PROJECTOR)
    else:
        tell_status(room)
        _elsewhere(room, teacher)
    if room.league is None:
        _none_yet(room, teacher)
        turn_to(None, t("league.back"), icon="arrow_back")
        return
    token = None if teacher else token_here(room.code)
    person = rooms.person_of(room, token) if token else None
    if teacher:
        with boundary():
            _conduct(room, room.league, teacher)
    if person is not None and token and room.league.state == "open":
        with boundary():
            entry_form(room, room.league, person, token)
    _live(room.code, person, state_for_students(room, None))
    if not presenting():
        with st.container(horizontal=True, vertical_alignment="center"):
            _ways(room, teacher)


def _elsewhere(room: Room, teacher: str | None) -> None:
    """What the class is asked meanwhile, or that it is over: whoever is here does not see the room's own page."""
    if room.ended:
        st.info(t("room.over"), icon=":material/flag:")
    elif teacher is None and room.place is not None and room.phase(room.place) in ROUNDS:
        st.info(status(room), icon=":material/notifications:")


def _none_yet(room: Room, teacher: str | None) -> None:
    st.title(t("league.title"), anchor=False)
    st.markdown(t("league.about"))
    if teacher is None:
        st.info(t("error.no_league"), icon=":material/hourglass_top:")
        return
    with boundary():
        model = st.selectbox(t("league.model"), list(MODELS), key="league_model")
        with st.form("open_league"):
            budget = st.number_input(
                t("league.budget_kb"), 1, 10_000, BUDGETS[model], key=f"league_budget_{model}"
            )
            each = st.number_input(t("league.each"), 1, 10, 3)
            sent = st.form_submit_button(t("league.open"), type="primary", icon=":material/trophy:")
        if sent:
            with st.spinner(t("league.opening")):
                leagues.open_league(
                    room.code,
                    teacher,
                    model=model,
                    dataset=MODELS[model],
                    budget=1000 * int(budget),
                    each=int(each),
                )
            st.rerun()


def _conduct(room: Room, league: League, teacher: str) -> None:
    """What comes next: close, score the held-out images, reveal."""
    study = data.load_study(league.study)
    with st.container(horizontal=True, vertical_alignment="center"):
        if league.state == "open":
            _button(room, teacher, "closed", "league.close", "lock")
        elif league.state == "closed":
            finals = leagues.final_scores(study)
            if finals is None:
                _score(study)
            else:
                _button(room, teacher, "revealed", "league.reveal", "visibility")
            _button(room, teacher, "open", "league.reopen", "lock_open", primary=False)


def _button(
    room: Room, teacher: str, state: LeagueState, words: str, icon: str, primary: bool = True
) -> None:
    kind = "primary" if primary else "tertiary"
    if st.button(t(words), type=kind, icon=f":material/{icon}:", key=f"league_{state}"):  # type: ignore[arg-type]
        leagues.proceed_league(room.code, teacher, state)
        st.rerun()


@st.fragment(run_every=LOOK)
def _score(study: StudyResult) -> None:
    """Scores the files on the held-out images as soon as no entry is at work."""
    with boundary():
        now = data.load_study(study.name)
        if now.state == "running":
            st.info(t("league.finishing"), icon=":material/hourglass_top:")
            return
        if leagues.final_scores(now) is not None:
            st.rerun()
        leagues.score_finals(now)
        found = leagues.finals_status(now)
        if found is not None and found.error is not None:
            show(found.error)
            return
        st.info(t("league.scoring"), icon=":material/hourglass_top:")


@st.fragment(run_every=LOOK)
def _live(code: str, person: Person | None, drawn: tuple[object, ...]) -> None:
    """The board as it is now. Whoever looks lets the next entries have their turn."""
    with boundary():
        room = rooms.look(code)
        league = room.league
        if league is None or state_for_students(room, None) != drawn:
            st.rerun()
        if person is not None and not room.ended:
            tell_here(code, person.number, None)
        study = data.load_study(league.study)
        leagues.advance_league(room, study=study)
        finals = leagues.final_scores(study) if league.state == "revealed" else None
        board = leagues.league_board(room, study, finals)
        st.title(_finding(league, board, finals), anchor=False)
        st.caption(_about(league, study, finals))
        chart, table = st.columns([5, 6], gap="medium")
        with chart:
            _chart(league, board, person, study, finals)
        with table:
            board_table(board, study, person, finals is not None, large=presenting())


def _finding(league: League, board: Board, finals: FileScores | None) -> str:
    first = next((line for line in board.lines if (line.final_rank if finals else line.rank) == 1), None)
    size = format_bytes(league.budget)
    if first is None:
        return t("league.nobody", budget=size)
    score = first.final if finals else first.public
    assert score is not None, "who is ranked has a score"
    return t(
        "league.won" if finals else "league.leads",
        name=plain(first.name),
        quality=f"{100 * score.value:.1f} %",
        size=format_bytes(first.size),
    )


def _about(league: League, study: StudyResult, finals: FileScores | None) -> str:
    words = t("league.rules", budget=format_bytes(league.budget), each=league.each, model=study.model)
    if finals is not None:
        return f"{words} {t('league.on_final', images=finals.images)}"
    if study.images is None:
        return f"{words} {t('league.starting')}"
    return f"{words} {t('league.on_public', images=study.images)}"


def _chart(
    league: League, board: Board, person: Person | None, study: StudyResult, finals: FileScores | None
) -> None:
    shown = {_label(line): line for line in board.lines if line.size is not None}
    files = {}
    for label, line in shown.items():
        score = line.final if finals else line.public
        if score is not None and line.size is not None:
            bounds = None if score.low is None or score.high is None else (score.low, score.high)
            files[label] = (line.size, score.value, bounds)
    original, quality = study.original, board.original_final if finals else board.original
    if original is not None and original.sizes is not None and quality is not None:
        files[t("league.original")] = (original.sizes.file, quality.value, None)
    if not files:
        return
    mine = frozenset(
        label for label, line in shown.items() if person is not None and line.entry.person == person.number
    )
    words = {
        "size": figure_name("file"),
        "quality": f"{figure_name(original.primary_metric) if original and original.primary_metric else ''} (%)",
        "budget": t("league.budget"),
        "front": t("league.front"),
        "original": t("league.original"),
    }
    figure = league_chart(files, league.budget, mine, words, large=presenting())
    st.plotly_chart(figure, key="league_chart", config=CONFIG)


def _label(line: Line) -> str:
    return f"{line.name} · {line.entry.number}"


def _ways(room: Room, teacher: str | None) -> None:
    assert room.league is not None
    turn_to(None, t("league.back"), icon="arrow_back")
    if teacher is not None:
        shown = {"room": room.code, "view": "league", "present": 1, "lang": st.query_params.get("lang")}
        st.link_button(t("room.to_projector"), address("room", **shown), icon=":material/cast:")
    go("study", t("league.study"), icon=":material/scatter_plot:", study=room.league.study)
