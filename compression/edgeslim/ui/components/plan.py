"""The recipes a preset brings, and how a new study is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim.ui.components.words import named, recipe_title, recipe_words
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t


def preset_contents(preset: Mapping[str, Any]) -> None:
    """The preset's recipes, and those left out because something they need is not there."""
    with st.expander(t("preset.contents", count=len(preset["recipes"])), icon=":material/list:"):
        for recipe in preset["recipes"]:
            st.markdown(f"- **{plain(recipe_title(recipe))}** · {recipe_words(recipe)}")
    for needs, count in Counter(tuple(recipe["needs"]) for recipe in preset["left_out"]).items():
        needed = t("choice.separator").join(named("need", need) for need in needs)
        st.caption(f":material/block: {t('preset.left_out', count=count, needs=needed)}")


def plan_form(validation: int | None, *, search: bool = False) -> dict[str, Any]:
    """Name, image limit, workers, seeds and held-out share, as `start_study` takes them.

    A `search` runs each recipe that it finds with one seed: it is not asked for. All of it is read when the study is
    started, and nothing on the page follows from it.
    """
    with st.expander(t("plan.title"), icon=":material/tune:"):
        columns = st.columns(3, vertical_alignment="bottom")
        name = columns[0].text_input(
            t("plan.name"),
            key="plan_name",
            placeholder=t("plan.name_auto"),
            help=t("plan.name_help"),
            on_change="ignore",
        )
        limit = _number(columns[1], "limit", 1, validation, None, placeholder=t("plan.limit_all"))
        workers = _number(columns[2], "workers", 0, 64, 0)
        columns = st.columns(3, vertical_alignment="bottom")
        automatic = t("plan.held_out_auto")
        held_out = _number(columns[0], "held_out", 0.0, 0.9, None, step=0.05, placeholder=automatic)
        seeds = 1 if search else _number(columns[1], "seeds", 1, 20, 1)
    return {
        "name": name.strip() or None,
        "limit": limit,
        "workers": workers,
        "seeds": seeds,
        "held_out": held_out,
    }


def _number(
    column: DeltaGenerator,
    name: str,
    least: float,
    most: float | None,
    value: float | None,
    **more: Any,
) -> float | None:
    """A number of the plan with its label, its help and its key."""
    label, words = t(f"plan.{name}"), t(f"plan.{name}_help")
    return column.number_input(
        label,
        min_value=least,
        max_value=most,
        value=value,
        help=words,
        key=f"plan_{name}",
        on_change="ignore",
        **more,
    )
