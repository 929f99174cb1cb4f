"""What may it cost? The limits a file must keep, as fields in the units that people use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from edgeslim.report.limits import limit_parameter, stops
from edgeslim.studies.budget import Budget
from edgeslim.studies.devices import Device
from edgeslim.studies.figures import Figure, limits, runtimes_of
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import figure_name, limit_label
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


def budget_form(study: StudyResult, device: Device | None) -> Budget:
    """A slider for each limit that is usual or set; exact numbers and the others on demand.

    Limits begin with the device's, else with the study's own. Without one there is no limit; the address carries all.
    """
    figures = limits(runtimes_of(study.trials))
    own = {each.name: _own(each, study, device) for each in figures}
    set_ones = {each.name: _in_address(each, own[each.name]) for each in figures}
    with st.container(key="limits", gap="xxsmall"):
        for each in figures:
            if each.prominent or own[each.name] is not None or set_ones[each.name] is not None:
                _slider(study, each, set_ones[each.name], own[each.name] is not None)
    with st.expander(t("front.exact"), icon=":material/straighten:"):
        found = {each.name: _linked_limit(each, own[each.name]) for each in figures}
    return Budget.of(**found)


def _slider(study: StudyResult, figure: Figure, limit: float | None, has_own: bool) -> None:
    """A limit to be dragged over the range that was measured; at its end there is none."""
    free = math.inf if figure.cost else -math.inf
    values = data.once(stops, study, figure)
    if not values:
        return
    options = sorted({*values, free, *([] if limit is None else [limit])})
    address = limit_parameter(figure)
    key = f"slide_{address}"
    st.session_state[key] = free if limit is None else limit

    def moved() -> None:
        chosen = st.session_state[key]
        if math.isfinite(chosen):
            st.query_params[address] = f"{round(chosen * figure.kind.scale, 6):g}"
        elif has_own:
            st.query_params[address] = ""
        else:
            st.query_params.pop(address, None)

    words = f"budget.{figure.name}_help"
    st.select_slider(
        t("front.at_most" if figure.cost else "front.at_least", figure=figure_name(figure.name)),
        options,
        format_func=lambda value: figure.kind.text(value) if math.isfinite(value) else t("budget.none"),
        key=key,
        on_change=moved,
        help=t(words) if known(language(), words) else None,
    )


def _own(figure: Figure, study: StudyResult, device: Device | None) -> float | None:
    """The limit that the address need not name."""
    return (device.limits if device else study.budget.limits).get(figure.name)


def _in_address(figure: Figure, own: float | None) -> float | None:
    """The limit in stored units, as `_linked_limit` will have it."""
    given = st.query_params.get(limit_parameter(figure))
    if given == "":
        return None
    low, high, _ = _range(figure.kind)
    shown = number_in(low, high)(given) if given is not None else None
    return own if shown is None else _stored(figure.kind, shown)


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
    return _limit(figure, **linked(limit_parameter(figure), shown, number_in(low, high), clearable=True))


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
    return None if shown is None else _stored(kind, shown)


def _stored(kind: Kind, shown: float) -> float:
    return round(shown / kind.scale, None if kind.scale < 1 else 9)


def _range(kind: Kind) -> Range:
    return RANGES.get(kind, RELATIVE if kind.relative else SHARE)
