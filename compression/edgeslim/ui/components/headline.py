"""One trial against the original, in one sentence and four figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import streamlit as st

from edgeslim.report.info import Headline, headline
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.words import change_words, figure_name, machine_words
from edgeslim.ui.picture.payload import FigureText
from edgeslim.ui.state import t
from edgeslim.units import DASH, MINUS, format_bytes, format_factor, format_ms, format_share


def sentence(found: Headline, metric: str) -> str:
    """'9.7× smaller, 1.4× as fast, −2.3 points of mAP'."""
    if found.change is None:
        return savings(found)
    points = change_words(found.change, None)
    change = t("headline.change", points=points, metric=figure_name(metric))
    return savings(found) + t("headline.comma") + change


def savings(found: Headline) -> str:
    """'9.7× smaller, 1.4× as fast'."""
    parts = [_times("smaller", "larger", found.smaller)]
    if found.faster is not None and found.same_speed:
        parts.append(t("headline.same_speed"))
    elif found.faster is not None:
        parts.append(_times("faster", "slower", found.faster))
    return t("headline.comma").join(parts)


def _times(more: str, less: str, factor: float) -> str:
    """'9.7× smaller', or for a factor below one '1.1× larger'; what rounds to once changes nothing."""
    if less == "larger" and format_factor(factor) == format_factor(1 / factor) == format_factor(1.0):
        return t("headline.same_size")
    key, value = (more, factor) if factor >= 1 else (less, 1 / factor)
    return t(f"headline.{key}", times=format_factor(value).rstrip("×"))


def figures(study: StudyResult, number: int) -> None:
    """Download, time, accuracy and agreement of a trial, each beside the original's."""
    colors: dict[str, Literal["green", "red", "gray"]] = {"good": "green", "bad": "red", "": "gray"}
    with st.container(horizontal=True, gap="medium"):
        for text in figure_texts(study, number):
            st.metric(
                text.label,
                text.value,
                delta=text.change or None,
                delta_color=colors[text.tone],
                delta_arrow="off",
                delta_description=text.note or None,
                help=text.help,
                border=True,
                height="stretch",
            )
    trial = study.trial(number)
    if trial is not None and trial.latency is not None:
        st.caption(t("timing.measured_on", machine=machine_words(study)))


def figure_texts(study: StudyResult, number: int) -> list[FigureText]:
    """The same figures in words; empty if the trial or the original has not been measured."""
    trial, original, found = study.trial(number), study.original, headline(study, number)
    if trial is None or original is None or found is None:
        return []
    return [
        _download(trial, original),
        _time(trial, original, found),
        *_accuracy(trial, found),
        *_agreement(trial, original),
    ]


def _download(trial: TrialResult, original: TrialResult) -> FigureText:
    assert trial.sizes is not None and original.sizes is not None, "else there is no headline"
    before, after = original.sizes.download, trial.sizes.download
    told = FigureText(t("metric.download"), format_bytes(after), help=t("metric.download_help"))
    if after == before:
        return told
    return replace(
        told,
        change=_percent(after / before),
        note=t("metric.was", value=format_bytes(before)),
        tone="good" if after < before else "bad",
    )


def _time(trial: TrialResult, original: TrialResult, found: Headline) -> FigureText:
    latency = trial.latency
    if latency is None:
        return FigureText(t("metric.latency"), t("metric.untimed"))
    help_text = t("metric.latency_noisy" if latency.noisy else "metric.latency_help")
    told = FigureText(t("metric.latency"), format_ms(latency.median_ms), help=help_text)
    if trial is original or found.faster is None:
        return told
    before = format_ms(original.latency.median_ms if original.latency else None)
    unsure = latency.noisy or latency.same_speed
    return replace(
        told,
        change=t("headline.same_speed") if found.same_speed else _percent(latency.ratio),
        note=t(f"metric.was{'_noisy' * latency.noisy}", value=before),
        tone="" if unsure else "good" if latency.ratio < 1 else "bad",
    )


def _accuracy(trial: TrialResult, found: Headline) -> list[FigureText]:
    metric, accuracy = trial.primary_metric, trial.accuracy or {}
    if metric is None or accuracy.get(metric) is None:
        return []
    changed = found.change is not None and abs(found.change) >= 0.0005
    better = found.change is not None and found.change > 0
    told = FigureText(
        figure_name(metric),
        FIGURES.get(metric).kind.text(accuracy[metric]),
        help=t("metric.accuracy_help", images=accuracy.get("images", DASH)),
    )
    if not changed:
        return [told]
    return [
        replace(
            told,
            change=change_words(found.change, None),
            note=t("metric.like_original") if found.like_original else "",
            tone="" if found.like_original else "good" if better else "bad",
        )
    ]


def _agreement(trial: TrialResult, original: TrialResult) -> list[FigureText]:
    agreement = trial.figure("agreement")
    if agreement is None or trial is original:
        return []
    return [FigureText(t("metric.agreement"), format_share(agreement), help=t("metric.agreement_help"))]


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.0f} %".replace("-", MINUS)
