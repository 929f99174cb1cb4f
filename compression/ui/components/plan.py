"""The recipes a preset brings, and how a new study is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import streamlit as st

from compression.ui.components.words import named, recipe_title, recipe_words
from compression.ui.i18n import plain
from compression.ui.state import t


def preset_contents(preset: Mapping[str, Any]) -> None:
    """The preset's recipes, and those left out because something they need is not there."""
    with st.expander(t("preset.contents", count=len(preset["recipes"])), icon=":material/list:"):
        for recipe in preset["recipes"]:
            st.markdown(f"- **{plain(recipe_title(recipe))}** · {recipe_words(recipe)}")
    for needs, count in Counter(tuple(recipe["needs"]) for recipe in preset["left_out"]).items():
        needed = t("choice.separator").join(named("need", need) for need in needs)
        st.caption(f":material/block: {t('preset.left_out', count=count, needs=needed)}")


def plan_form(validation: int | None) -> dict[str, Any]:
    """Name, image limit, workers, seeds and held-out share, as `start_study` takes them."""
    with st.expander(t("plan.title"), icon=":material/tune:"):
        columns = st.columns(3, vertical_alignment="bottom")
        name = columns[0].text_input(
            t("plan.name"), key="plan_name", placeholder=t("plan.name_auto"), help=t("plan.name_help")
        )
        limit = columns[1].number_input(
            t("plan.limit"),
            min_value=1,
            max_value=validation,
            value=None,
            placeholder=t("plan.limit_all"),
            help=t("plan.limit_help"),
            key="plan_limit",
        )
        workers = columns[2].number_input(
            t("plan.workers"),
            min_value=0,
            max_value=64,
            value=0,
            help=t("plan.workers_help"),
            key="plan_workers",
        )
        columns = st.columns(3, vertical_alignment="bottom")
        seeds = columns[0].number_input(
            t("plan.seeds"),
            min_value=1,
            max_value=20,
            value=1,
            help=t("plan.seeds_help"),
            key="plan_seeds",
        )
        held_out = columns[1].number_input(
            t("plan.held_out"),
            min_value=0.0,
            max_value=0.9,
            value=None,
            step=0.05,
            placeholder=t("plan.held_out_auto"),
            help=t("plan.held_out_help"),
            key="plan_held_out",
        )
    return {
        "name": name.strip() or None,
        "limit": limit,
        "workers": workers,
        "seeds": seeds,
        "held_out": held_out,
    }
