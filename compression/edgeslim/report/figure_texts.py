"""A file's four figures in words, each beside the original's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from edgeslim.report.info import Headline, headline
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import DASH, MINUS, format_bytes, format_ms, format_share


@dataclass(frozen=True, slots=True)
class FigureText:
    """A figure in words: its value, how it changed, from what, and whether that is 'good', 'bad' or neither ('')."""

    label: str
    value: str
    change: str = ""
    note: str = ""
    help: str = ""
    tone: Literal["good", "bad", ""] = ""


def figure_texts(study: StudyResult, number: int, words: StudyWords) -> list[FigureText]:
    """Download, time, accuracy and agreement of a trial; empty if it or the original has not been measured."""
    trial, original, found = study.trial(number), study.original, headline(study, number)
    if trial is None or original is None or found is None:
        return []
    return [
        _download(trial, original, words),
        _time(trial, original, found, words),
        *_accuracy(trial, found, words),
        *_agreement(trial, original, words),
    ]


def _download(trial: TrialResult, original: TrialResult, words: StudyWords) -> FigureText:
    assert trial.sizes is not None and original.sizes is not None, "else there is no headline"
    before, after = original.sizes.download, trial.sizes.download
    told = FigureText(words.t("metric.download"), format_bytes(after), help=words.t("metric.download_help"))
    if after == before:
        return told
    return replace(
        told,
        change=_percent(after / before),
        note=words.t("metric.was", value=format_bytes(before)),
        tone="good" if after < before else "bad",
    )


def _time(trial: TrialResult, original: TrialResult, found: Headline, words: StudyWords) -> FigureText:
    latency = trial.latency
    if latency is None:
        return FigureText(words.t("metric.latency"), words.t("metric.untimed"))
    help_text = words.t("metric.latency_noisy" if latency.noisy else "metric.latency_help")
    told = FigureText(words.t("metric.latency"), format_ms(latency.median_ms), help=help_text)
    if trial is original or found.faster is None:
        return told
    before = format_ms(original.latency.median_ms if original.latency else None)
    unsure = latency.noisy or latency.same_speed
    return replace(
        told,
        change=words.t("headline.same_speed") if found.same_speed else _percent(latency.ratio),
        note=words.t(f"metric.was{'_noisy' * latency.noisy}", value=before),
        tone="" if unsure else "good" if latency.ratio < 1 else "bad",
    )


def _accuracy(trial: TrialResult, found: Headline, words: StudyWords) -> list[FigureText]:
    metric, accuracy = trial.primary_metric, trial.accuracy or {}
    if metric is None or accuracy.get(metric) is None:
        return []
    changed = found.change is not None and abs(found.change) >= 0.0005
    better = found.change is not None and found.change > 0
    told = FigureText(
        words.figure(metric),
        FIGURES.get(metric).kind.text(accuracy[metric]),
        help=words.t("metric.accuracy_help", images=accuracy.get("images", DASH)),
    )
    if not changed:
        return [told]
    return [
        replace(
            told,
            change=words.change(found.change, None),
            note=words.t("metric.like_original") if found.like_original else "",
            tone="" if found.like_original else "good" if better else "bad",
        )
    ]


def _agreement(trial: TrialResult, original: TrialResult, words: StudyWords) -> list[FigureText]:
    agreement = trial.figure("agreement")
    if agreement is None or trial is original:
        return []
    told = words.t("metric.agreement_help")
    return [FigureText(words.t("metric.agreement"), format_share(agreement), help=told)]


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.0f} %".replace("-", MINUS)
