"""One trial against the original, in one sentence and four figures."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.info import Headline, headline
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.words import change_words, figure_name, machine_words
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
    """'9.7× smaller', or for a factor below one '1.1× larger'."""
    key, value = (more, factor) if factor >= 1 else (less, 1 / factor)
    return t(f"headline.{key}", times=format_factor(value).rstrip("×"))


def figures(study: StudyResult, number: int) -> None:
    """Download, time, accuracy and agreement of a trial, each beside the original's."""
    trial, original, found = study.trial(number), study.original, headline(study, number)
    if trial is None or original is None or found is None:
        return
    with st.container(horizontal=True, gap="medium"):
        _download(trial, original)
        _time(trial, original, found)
        _accuracy(trial, found)
        agreement = trial.figure("agreement")
        if agreement is not None and trial is not original:
            st.metric(
                t("metric.agreement"),
                format_share(agreement),
                help=t("metric.agreement_help"),
                border=True,
                height="stretch",
            )
    if trial.latency is not None:
        st.caption(t("timing.measured_on", machine=machine_words(study)))


def _download(trial: TrialResult, original: TrialResult) -> None:
    assert trial.sizes is not None and original.sizes is not None, "else there is no headline"
    before, after = original.sizes.download, trial.sizes.download
    st.metric(
        t("metric.download"),
        format_bytes(after),
        delta=None if after == before else _percent(after / before),
        delta_color="green" if after < before else "red",
        delta_arrow="off",
        delta_description=None if after == before else t("metric.was", value=format_bytes(before)),
        help=t("metric.download_help"),
        border=True,
        height="stretch",
    )


def _time(trial: TrialResult, original: TrialResult, found: Headline) -> None:
    latency = trial.latency
    if latency is None:
        st.metric(t("metric.latency"), t("metric.untimed"), border=True, height="stretch")
        return
    same = trial is original or found.faster is None
    before = format_ms(original.latency.median_ms if original.latency else None)
    st.metric(
        t("metric.latency"),
        format_ms(latency.median_ms),
        delta=None if same else t("headline.same_speed") if found.same_speed else _percent(latency.ratio),
        delta_color="gray"
        if latency.noisy or latency.same_speed
        else "green"
        if latency.ratio < 1
        else "red",
        delta_arrow="off",
        delta_description=None if same else t(f"metric.was{'_noisy' * latency.noisy}", value=before),
        help=t("metric.latency_noisy" if latency.noisy else "metric.latency_help"),
        border=True,
        height="stretch",
    )


def _accuracy(trial: TrialResult, found: Headline) -> None:
    metric, accuracy = trial.primary_metric, trial.accuracy or {}
    if metric is None or accuracy.get(metric) is None:
        return
    changed = found.change is not None and abs(found.change) >= 0.0005
    better = found.change is not None and found.change > 0
    st.metric(
        figure_name(metric),
        FIGURES.get(metric).kind.text(accuracy[metric]),
        delta=change_words(found.change, None) if changed else None,
        delta_color="gray" if found.like_original else "green" if better else "red",
        delta_arrow="off",
        delta_description=t("metric.like_original") if found.like_original and changed else None,
        help=t("metric.accuracy_help", images=accuracy.get("images", DASH)),
        border=True,
        height="stretch",
    )


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.0f} %".replace("-", MINUS)
