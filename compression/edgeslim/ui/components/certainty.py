"""How sure a study is: what cannot be told apart, seeds, noise, and the scores on held-out images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.report.axes import AXES
from edgeslim.report.confidence import (
    GroupsInfo,
    HeldOutInfo,
    groups_info,
    held_out_info,
    held_out_state,
)
from edgeslim.report.info import noisy, trial_of
from edgeslim.report.repeats import spreads
from edgeslim.ui.components.words import change_words, numbered, trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import DASH, format_change, format_interval, format_points, format_share

Study = Mapping[str, Any]
MOST_NAMED = 8
"""Trials named in a row; a search makes many that are alike."""


def certainty(study: Study, shown: int | None) -> None:
    """All that is to be known before one file is called better than another; `shown` is the trial looked at."""
    with st.expander(t("sure.title"), icon=":material/rule:", key="certainty"):
        groups = groups_info(study)
        if groups is None:
            st.markdown(t("sure.unknown"))
        else:
            _groups(study, groups, shown)
        _seeds(study)
        if numbers := noisy(study):
            st.markdown(f":material/warning: {t('sure.noisy', trials=_named(study, numbers))}")
        _held_out(study)


def _groups(study: Study, groups: GroupsInfo, shown: int | None) -> None:
    about = {"images": groups.images, "level": format_share(groups.level)}
    alike = [one for one in groups.alike if len(one) > 1]
    if alike:
        st.markdown(t("sure.groups", **about))
        st.markdown("\n".join(f"- {_named(study, one)}" for one in alike))
    else:
        st.markdown(t("sure.apart", **about))
    metric = t(f"axis.{groups.metric}")
    st.markdown(t("sure.best", metric=metric, trials=_named(study, groups.best)))
    if shown is not None and (words := pair_words(study, groups, shown, study["baseline"])):
        st.markdown(words)


def pair_words(study: Study, groups: GroupsInfo, first: int, second: int) -> str | None:
    """Whether two trials differ, and how many images would show it; None if they were not compared."""
    pair = groups.pair(first, second)
    if pair is None:
        return None
    change = change_words(pair.difference, pair.bounds)
    words = t("sure.pair", first=_name(study, first), second=_name(study, second), change=change)
    if pair.distinguishable:
        return f"{words} {t('sure.pair_apart')}"
    if pair.images_80 is None or pair.images_95 is None:
        return f"{words} {t('sure.pair_equal')}"
    needed = {"images_80": f"{pair.images_80:,}", "images_95": f"{pair.images_95:,}"}
    return f"{words} {t('sure.pair_alike', **needed)}"


def _seeds(study: Study) -> None:
    metric = next((trial["primary_metric"] for trial in study["trials"] if trial.get("primary_metric")), None)
    if metric is None:
        return
    axis = AXES.get(metric)
    text = axis.kind.text
    for spread in spreads(study, axis):
        low, high = map(text, spread.bounds)
        st.markdown(
            t(
                "sure.seeds",
                title=_name(study, spread.numbers[0]),
                count=len(spread.numbers),
                metric=t(f"axis.{metric}"),
                mean=text(spread.mean),
                low=low,
                high=high,
            )
        )


def _held_out(study: Study) -> None:
    state, found = held_out_state(study), held_out_info(study)
    if found is not None:
        _claims(study, found)
    elif state == "waiting":
        st.markdown(t("sure.held_out_waiting", images=study["held_out"]["images"]))
    else:
        st.markdown(t("sure.held_out_none"))


def _claims(study: Study, found: HeldOutInfo) -> None:
    st.markdown(f"**{t('sure.held_out', images=found.images)}**", help=t("sure.held_out_help"))
    rows = [
        {
            "#": claim.number,
            t("table.recipe"): _title(study, claim.number),
            t("sure.chosen"): format_points(claim.chosen),
            t("sure.value"): f"{format_points(claim.value)} ({format_interval(claim.bounds)})",
            t("sure.change"): _change(claim.change, claim.change_bounds),
            t("sure.optimism_column"): _change(claim.change_optimism, claim.change_optimism_bounds),
        }
        for claim in found.claims
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="claims")
    if found.optimism is not None:
        st.markdown(t("sure.optimism", change=change_words(found.optimism, found.optimism_bounds)))
    if found.looks > 1:
        st.markdown(f":material/warning: {t('sure.looks', looks=found.looks)}")


def _change(value: float, bounds: tuple[float, float] | None) -> str:
    """A change with its interval; that of the original against itself is none."""
    return (
        DASH if bounds == (0.0, 0.0) else f"{format_change(value)} ({format_interval(bounds, signed=True)})"
    )


def _named(study: Study, numbers: Sequence[int]) -> str:
    named = t("choice.separator").join(_name(study, number) for number in numbers[:MOST_NAMED])
    more = len(numbers) - MOST_NAMED
    return named if more <= 0 else t("sure.more", named=named, count=more)


def _name(study: Study, number: int) -> str:
    """A trial by number and title, as Markdown."""
    trial = trial_of(study, number)
    return plain(f"#{number}" if trial is None else numbered(trial))


def _title(study: Study, number: int) -> str:
    trial = trial_of(study, number)
    return "" if trial is None else trial_title(trial)
