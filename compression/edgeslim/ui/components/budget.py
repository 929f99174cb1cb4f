"""What may it cost? The limits a file must keep, as fields in the units that people use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import Figure, limits
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.words import limit_label
from edgeslim.ui.i18n import known
from edgeslim.ui.state import language, linked, number_in, t
from edgeslim.units import BYTES, POINTS, RATIO, Kind

Range = tuple[float, float, float]
RANGES: Mapping[Kind, Range] = {
    BYTES: (1.0, 1e9, 10.0),
    RATIO: (0.05, 10.0, 0.05),
    POINTS: (0.0, 100.0, 0.5),
}
"""Least, most and step of a limit as shown, for kinds that are not like others."""
RELATIVE, SHARE = (0.001, 1e9, 1.0), (0.0, 100.0, 1.0)
COLUMNS = 3


def budget_form(study: StudyResult) -> Budget:
    """Inputs for the usual limits and those of the study; the others on demand.

    They begin with the study's own budget. Empty means no limit; the address carries them all.
    """
    asked = [each for each in limits() if each.prominent or each.name in study.budget.limits]
    more = [each for each in limits() if each not in asked]
    found = {each.name: _linked_limit(each, study.budget.limit(each.name)) for each in asked}
    with st.expander(t("budget.more"), expanded=any(_address(each) in st.query_params for each in more)):
        found |= {each.name: _linked_limit(each, None) for each in more}
    return Budget.of(**found)


def budget_fields(figures: Sequence[Figure]) -> Budget:
    """Inputs for these limits, empty at first."""
    found: dict[str, float | None] = {}
    for start in range(0, len(figures), COLUMNS):
        columns = st.columns(COLUMNS, vertical_alignment="bottom")
        for column, figure in zip(columns, figures[start : start + COLUMNS], strict=False):
            with column:
                found[figure.name] = _limit(figure, key=f"budget_{figure.name}")
    return Budget.of(**found)


def _linked_limit(figure: Figure, own: float | None) -> float | None:
    low, high, _ = _range(figure.kind)
    shown = None if own is None else round(own * figure.kind.scale, 6)
    return _limit(figure, **linked(_address(figure), shown, number_in(low, high), clearable=True))


def _address(figure: Figure) -> str:
    """The parameter of the address that carries the limit."""
    return f"{'max' if figure.cost else 'min'}_{figure.name}"


def _limit(figure: Figure, **widget: Any) -> float | None:
    """One limit in stored units, None where the field is empty."""
    kind, words = figure.kind, f"budget.{figure.name}_help"
    low, high, step = _range(kind)
    shown: float | None = st.number_input(
        limit_label(figure),
        value=None,  # so that it can be emptied, whatever it begins with
        min_value=low,
        max_value=high,
        step=step,
        format="%g",
        placeholder=t("budget.none"),
        help=t(words) if known(language(), words) else None,
        **widget,
    )
    if shown is None:
        return None
    return round(shown / kind.scale, None if kind.scale < 1 else 9)


def _range(kind: Kind) -> Range:
    return RANGES.get(kind, RELATIVE if kind.relative else SHARE)
