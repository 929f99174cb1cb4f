"""How sure a study is: what cannot be told apart, seeds, noise, and the scores on held-out images."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from edgeslim.report.certainty_info import headline_values
from edgeslim.report.info import noisy
from edgeslim.report.repeats import Spread, spreads
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.groups import Groups, HeldOut
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds
from edgeslim.ui import data
from edgeslim.ui.components.words import change_words, figure_name, names, trial_title
from edgeslim.ui.state import t
from edgeslim.units import DASH, format_change, format_interval, format_points, format_share

MOST_NAMED = 8
"""Trials named in a row; a search makes many that are alike."""
MOST_IMAGES = 1_000_000
"""More images than anybody labels: how many more would be needed is no longer told."""


def certainty(study: StudyResult, shown: int | None) -> None:
    """All that is to be known before one file is called better than another; `shown` is the trial looked at."""
    if study.groups is None:
        st.markdown(t("sure.unknown"))
    else:
        _groups(study, study.groups, shown)
    _seeds(study)
    if numbers := noisy(study):
        st.markdown(f":material/warning: {t('sure.noisy', trials=_named(study, numbers))}")
    _held_out(study)


def _groups(study: StudyResult, groups: Groups, shown: int | None) -> None:
    about = {"images": groups.images, "level": format_share(groups.level)}
    alike = [one for one in groups.alike if len(one) > 1]
    if alike:
        st.markdown(t("sure.groups", **about))
        st.markdown("\n".join(f"- {_named(study, one)}" for one in alike))
    else:
        st.markdown(t("sure.apart", **about))
    metric = figure_name(groups.metric)
    st.markdown(t("sure.best", metric=metric, trials=_named(study, groups.best)))
    if shown is not None and study.baseline is not None:
        st.markdown(_pair_words(study, groups, shown, study.baseline) or "")


def _pair_words(study: StudyResult, groups: Groups, first: int, second: int) -> str | None:
    """Whether two trials differ, and how many images would show it; None if they were not compared."""
    pair = groups.pair(first, second, data.once(headline_values, study))
    if pair is None:
        return None
    change = change_words(pair.difference, pair.bounds)
    words = t("sure.pair", first=names(study)[first], second=names(study)[second], change=change)
    if pair.distinguishable:
        return f"{words} {t('sure.pair_apart')}"
    if pair.images_80 is None or pair.images_95 is None:
        return f"{words} {t('sure.pair_equal')}"
    if pair.images_80 > MOST_IMAGES:
        return f"{words} {t('sure.pair_beyond', images=f'{MOST_IMAGES:,}')}"
    needed = {"images_80": f"{pair.images_80:,}", "images_95": f"{pair.images_95:,}"}
    return f"{words} {t('sure.pair_alike', **needed)}"


def _seeds(study: StudyResult) -> None:
    metric = next((trial.primary_metric for trial in study.trials if trial.primary_metric), None)
    if metric is None:
        return
    text = FIGURES.get(metric).kind.text
    for spread in data.once(_spreads, study, metric):
        low, high = map(text, spread.bounds)
        st.markdown(
            t(
                "sure.seeds",
                title=names(study)[spread.numbers[0]],
                count=len(spread.numbers),
                metric=figure_name(metric),
                mean=text(spread.mean),
                low=low,
                high=high,
            )
        )


def _spreads(study: StudyResult, metric: str) -> tuple[Spread, ...]:
    return spreads(study, FIGURES.get(metric))


def _held_out(study: StudyResult) -> None:
    found = study.held_out
    if found is None:
        st.markdown(t("sure.held_out_none"))
    elif not found.trials:
        st.markdown(t("sure.held_out_waiting", images=found.images))
    else:
        _scores(study, found)


def _scores(study: StudyResult, found: HeldOut) -> None:
    st.markdown(f"**{t('sure.held_out', images=found.images)}**", help=t("sure.held_out_help"))
    rows = [
        {
            "#": score.number,
            t("table.recipe"): _title(study, score.number),
            t("sure.chosen"): format_points(score.chosen),
            t("sure.value"): f"{format_points(score.value)} ({format_interval(score.ci95)})",
            t("sure.change"): _change(score.paired_delta, score.paired_ci95),
            t("sure.optimism_column"): _change(score.change_optimism, score.change_optimism_ci95),
        }
        for score in found.trials
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="held_out_scores")
    if found.optimism is not None:
        st.markdown(t("sure.optimism", change=change_words(found.optimism.value, found.optimism.ci95)))
    if found.looks > 1:
        st.markdown(f":material/warning: {t('sure.looks', looks=found.looks)}")


def _change(value: float, bounds: Bounds | None) -> str:
    """A change with its interval; that of the original against itself is none."""
    return (
        DASH if bounds == (0.0, 0.0) else f"{format_change(value)} ({format_interval(bounds, signed=True)})"
    )


def _named(study: StudyResult, numbers: Sequence[int]) -> str:
    known = names(study)
    named = t("choice.list").join(known[number] for number in numbers[:MOST_NAMED])
    more = len(numbers) - MOST_NAMED
    return named if more <= 0 else t("sure.more", named=named, count=more)


def _title(study: StudyResult, number: int) -> str:
    trial = study.trial(number)
    return "" if trial is None else trial_title(trial)
