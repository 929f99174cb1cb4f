"""The board of a league as a table: names as they were typed, never as markup."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from edgeslim.rooms.league import Board, Line, Score
from edgeslim.rooms.room import Person
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.words import recipe_title
from edgeslim.ui.state import address, t
from edgeslim.units import DASH, format_bytes

PROJECTED = 10
"""Lines of a board that a projector shows."""
TABLE = """<style>
.league {border-collapse: collapse; width: 100%; font-size: clamp(1rem, 1.25vw, 1.8rem)}
.league :is(th, td) {text-align: start; padding: 0.5rem 0.6rem; border-bottom: 1px solid #7d8c8655;
  overflow-wrap: anywhere; font-variant-numeric: tabular-nums}
</style>"""


def board_table(
    board: Board, study: StudyResult, person: Person | None, final: bool, *, large: bool = False
) -> None:
    """Ranked entries first; every file opens in Compare. `large`: the first ones, to be read from the last row."""
    if not board.lines:
        st.info(t("league.no_entries"), icon=":material/hourglass_top:")
        return
    rows = [_row(line, study, person, final) for line in board.lines]
    if large:
        _projected(rows[:PROJECTED])
        return
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


def _projected(rows: list[dict[str, str | None]]) -> None:
    """A table in the page's own type: what stands in it is escaped, names are no markup."""
    shown = [name for name in rows[0] if name != t("league.column.file")]
    heads = "".join(f"<th>{escape(name)}</th>" for name in shown)
    lines = ("".join(f"<td>{escape(row[name] or DASH)}</td>" for name in shown) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    st.html(f"{TABLE}<table class='league'><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")


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
