"""What may it cost? The limits a file must keep, as fields in the units that people use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from edgeslim.studies.budget import Budget
from edgeslim.ui.state import linked, number_in, t


@dataclass(frozen=True, slots=True)
class Field:
    """An input of one limit: its bounds in shown units, each of which is `scale` of the stored ones."""

    address: str
    """The parameter of the address that carries it."""
    low: float
    high: float
    step: float
    scale: float
    whole: bool = False


FIELDS: Mapping[str, Field] = {
    "download": Field("max_kb", 1.0, 1e9, 10.0, 1e3, whole=True),
    "loss": Field("max_loss", 0.0, 100.0, 0.5, 0.01),
    "latency_ratio": Field("max_time", 0.05, 10.0, 0.05, 1.0),
    "file": Field("max_file", 1.0, 1e9, 10.0, 1e3, whole=True),
    "accuracy": Field("min_score", 0.0, 100.0, 1.0, 0.01),
    "agreement": Field("min_agreement", 0.0, 100.0, 1.0, 0.01),
    "memory": Field("max_memory", 1.0, 1e9, 100.0, 1e3, whole=True),
    "macs": Field("max_macs", 0.001, 1e9, 1.0, 1e6, whole=True),
}
"""By the names that `Budget` gives the limits."""
ALWAYS = ("download", "loss", "latency_ratio")
COLUMNS = 3


def budget_form(study: Mapping[str, Any]) -> Budget:
    """Inputs for size, loss and time, and for what else the study was asked to keep.

    They begin with the study's own budget. Empty means no limit; the address carries them all.
    """
    own: Mapping[str, float] = study.get("budget") or {}
    limits: dict[str, Any] = {}
    for name in (*ALWAYS, *(name for name in FIELDS if name in own and name not in ALWAYS)):
        field = FIELDS[name]
        shown = None if name not in own else round(own[name] / field.scale, 6)
        address = linked(field.address, shown, number_in(field.low, field.high), clearable=True)
        limits[name] = _limit(name, **address)
    return Budget(**limits)


def budget_fields(names: Sequence[str]) -> dict[str, Any]:
    """Inputs for these limits, empty at first: what `Budget` takes, None where there is none."""
    limits: dict[str, Any] = {}
    for start in range(0, len(names), COLUMNS):
        columns = st.columns(COLUMNS, vertical_alignment="bottom")
        for column, name in zip(columns, names[start : start + COLUMNS], strict=False):
            with column:
                limits[name] = _limit(name, key=f"budget_{name}")
    return limits


def _limit(name: str, **widget: Any) -> float | None:
    """One limit in stored units, None where the field is empty."""
    field = FIELDS[name]
    shown: float | None = st.number_input(
        t(f"budget.{name}"),
        value=None,  # so that it can be emptied, whatever it begins with
        min_value=field.low,
        max_value=field.high,
        step=field.step,
        format="%g",
        placeholder=t("budget.none"),
        help=t(f"budget.{name}_help"),
        **widget,
    )
    if shown is None:
        return None
    return round(shown * field.scale, None if field.whole else 9)
