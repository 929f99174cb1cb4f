"""The board of a league as a table: names as they were typed, never as markup."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from edgeslim.rooms.league import Board, Line, Score
from edgeslim.rooms.room import Person
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.words import recipe_title
from edgeslim.ui.state import address, t
from edgeslim.units import DASH, format_bytes


def board_table(board: Board, study: StudyResult, person: Person | None, final: bool) -> None:
    """Ranked entries first; every file opens in Compare."""
    if not board.lines:
        st.info(t("league.no_entries"), icon=":material/hourglass_top:")
        return
    rows = [_row(line, study, person, final) for line in board.lines]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(520, 40 + 36 * len(rows)),
        column_config={
            t("league.column.file"): st.column_config.LinkColumn(
                display_text=t("league.column.open"), width="small"
            ),
            t("league.column.rank"): st.column_config.TextColumn(width="small"),
        },
    )


def _row(line: Line, study: StudyResult, person: Person | None, final: bool) -> dict[str, str | None]:
    rank = line.final_rank if final else line.rank
    mine = person is not None and line.entry.person == person.number
    row: dict[str, str | None] = {
        t("league.column.rank"): str(rank) if rank else "",
        t("league.column.name"): f"★ {line.name}" if mine else line.name,
        t("league.column.recipe"): recipe_title(line.entry.recipe),
        t("league.column.size"): _size(line),
        t("league.column.quality"): _score(line.public),
    }
    if final:
        row[t("league.column.final")] = _score(line.final)
    row[t("league.column.below")] = DASH if line.below is None else f"{100 * line.below:.1f}"
    row[t("league.column.file")] = (
        None
        if line.trial is None or line.size is None
        else address("compare", study=study.name, trials=line.trial, lang=st.query_params.get("lang"))
    )
    return row


def _size(line: Line) -> str:
    if line.size is None:
        return t(f"league.progress.{line.progress}")
    return format_bytes(line.size) if line.fits else t("league.too_large", size=format_bytes(line.size))


def _score(score: Score | None) -> str:
    if score is None:
        return DASH
    half = "" if score.low is None or score.high is None else f" ±{50 * (score.high - score.low):.1f}"
    return f"{100 * score.value:.1f}{half}"
