"""One trial against the original, in one sentence and four figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from edgeslim.report.info import Headline, headline, trial_of
from edgeslim.ui.components.words import change_words
from edgeslim.ui.state import t
from edgeslim.units import (
    MINUS,
    format_bytes,
    format_factor,
    format_ms,
    format_points,
    format_share,
)


def sentence(found: Headline, metric: str) -> str:
    """'9.7× smaller, 1.4× as fast, −2.3 points of mAP'."""
    if found.change is None:
        return savings(found)
    points = change_words(found.change, None)
    change = t("headline.change", points=points, metric=t(f"axis.{metric}"))
    return savings(found) + t("headline.comma") + change


def savings(found: Headline) -> str:
    """'9.7× smaller, 1.4× as fast'."""
    parts = [_times("smaller", "larger", found.smaller)]
    if found.faster is not None:
        parts.append(_times("faster", "slower", found.faster))
    return t("headline.comma").join(parts)


def _times(more: str, less: str, factor: float) -> str:
    """'9.7× smaller', or for a factor below one '1.1× larger'."""
    key, value = (more, factor) if factor >= 1 else (less, 1 / factor)
    return t(f"headline.{key}", times=format_factor(value).rstrip("×"))


def figures(study: Mapping[str, Any], number: int) -> None:
    """Download, time, accuracy and agreement of a trial, each beside the original's."""
    trial, original = trial_of(study, number), trial_of(study, study["baseline"])
    found = headline(study, number)
    if trial is None or original is None or found is None:
        return
    with st.container(horizontal=True, gap="medium"):
        _download(trial, original)
        _time(trial, original, found)
        _accuracy(trial, found)
        agreement = (trial.get("fidelity") or {}).get("agreement")
        if agreement is not None and number != study["baseline"]:
            st.metric(
                t("metric.agreement"),
                format_share(agreement),
                help=t("metric.agreement_help"),
                border=True,
                height="stretch",
            )


def _download(trial: Mapping[str, Any], original: Mapping[str, Any]) -> None:
    before, after = original["sizes"]["download"], trial["sizes"]["download"]
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


def _time(trial: Mapping[str, Any], original: Mapping[str, Any], found: Headline) -> None:
    latency = trial.get("latency")
    if not latency:
        st.metric(t("metric.latency"), t("metric.untimed"), border=True, height="stretch")
        return
    same = trial is original or found.faster is None
    before = (original.get("latency") or {}).get("median_ms")
    st.metric(
        t("metric.latency"),
        format_ms(latency["median_ms"]),
        delta=None if same else _percent(latency["ratio"]),
        delta_color="gray" if latency.get("noisy") else "green" if latency["ratio"] < 1 else "red",
        delta_arrow="off",
        delta_description=None
        if same
        else t("metric.was_noisy" if latency.get("noisy") else "metric.was", value=format_ms(before)),
        help=t("metric.latency_noisy") if latency.get("noisy") else t("metric.latency_help"),
        border=True,
        height="stretch",
    )


def _accuracy(trial: Mapping[str, Any], found: Headline) -> None:
    metric = trial.get("primary_metric")
    value = (trial.get("accuracy") or {}).get(metric) if metric else None
    if metric is None or value is None:
        return
    changed = found.change is not None and abs(found.change) >= 0.0005
    better = found.change is not None and found.change > 0
    st.metric(
        t(f"axis.{metric}"),
        format_points(value),
        delta=change_words(found.change, None) if changed else None,
        delta_color="gray" if found.like_original else "green" if better else "red",
        delta_arrow="off",
        delta_description=t("metric.like_original") if found.like_original and changed else None,
        help=t("metric.accuracy_help", images=(trial.get("accuracy") or {}).get("images", "–")),
        border=True,
        height="stretch",
    )


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.0f} %".replace("-", MINUS)
