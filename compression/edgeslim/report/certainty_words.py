"""How sure a study is, in sentences and rows: what cannot be told apart, seeds, noise, held-out scores."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.report.certainty_info import headline_values
from edgeslim.report.flips import flipping
from edgeslim.report.info import noisy
from edgeslim.report.repeats import spreads
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.groups import Groups, HeldOut
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds
from edgeslim.units import DASH, format_change, format_interval, format_points, format_share

MOST_NAMED = 8
"""Trials named in a row; a search makes many that are alike."""
MOST_IMAGES = 1_000_000
"""More images than anybody labels: how many more would be needed is no longer told."""


def certainty_sentences(study: StudyResult, shown: int | None, words: StudyWords) -> list[str]:
    """What is to be known before one file is called better than another; items of a list begin with '- '.

    `shown` is the trial looked at.
    """
    found = [words.t("sure.unknown")] if study.groups is None else _groups(study, study.groups, shown, words)
    found += _seeds(study, words)
    if numbers := noisy(study):
        found.append(words.t("sure.noisy", trials=_named(study, numbers, words)))
    if numbers := flipping(study):
        found.append(words.t("sure.flips", trials=_named(study, numbers, words)))
    return found


def _groups(study: StudyResult, groups: Groups, shown: int | None, words: StudyWords) -> list[str]:
    about = {"images": groups.images, "level": format_share(groups.level)}
    alike = [one for one in groups.alike if len(one) > 1]
    found = [words.t("sure.groups" if alike else "sure.apart", **about)]
    found += [f"- {_named(study, one, words)}" for one in alike]
    named = _named(study, groups.best, words)
    found.append(words.t("sure.best", metric=words.figure(groups.metric), trials=named))
    if shown is not None and study.baseline is not None:
        found += _pair(study, groups, shown, study.baseline, words)
    return found


def _pair(study: StudyResult, groups: Groups, first: int, second: int, words: StudyWords) -> list[str]:
    """Whether two trials differ, and how many images would show it; nothing if they were not compared."""
    pair = groups.pair(first, second, headline_values(study))
    if pair is None:
        return []
    told = words.t(
        "sure.pair",
        first=_name(study, first, words),
        second=_name(study, second, words),
        change=words.change(pair.difference, pair.bounds),
    )
    if pair.distinguishable:
        more = words.t("sure.pair_apart")
    elif pair.images_80 is None or pair.images_95 is None:
        more = words.t("sure.pair_equal")
    elif pair.images_80 > MOST_IMAGES:
        more = words.t("sure.pair_beyond", images=f"{MOST_IMAGES:,}")
    else:
        needed = {"images_80": f"{pair.images_80:,}", "images_95": f"{pair.images_95:,}"}
        more = words.t("sure.pair_alike", **needed)
    return [words.sentences([told, more])]


def _seeds(study: StudyResult, words: StudyWords) -> list[str]:
    metric = next((trial.primary_metric for trial in study.trials if trial.primary_metric), None)
    if metric is None:
        return []
    text = FIGURES.get(metric).kind.text
    found = []
    for spread in spreads(study, FIGURES.get(metric)):
        low, high = map(text, spread.bounds)
        found.append(
            words.t(
                "sure.seeds",
                title=_name(study, spread.numbers[0], words),
                count=len(spread.numbers),
                metric=words.figure(metric),
                mean=text(spread.mean),
                low=low,
                high=high,
            )
        )
    return found


def held_out_heads(words: StudyWords) -> list[str]:
    """Of the columns of `held_out_rows`."""
    keys = ("table.recipe", "sure.chosen", "sure.value", "sure.change", "sure.optimism_column")
    return ["#", *map(words.t, keys)]


def held_out_rows(study: StudyResult, found: HeldOut, words: StudyWords) -> list[list[str]]:
    """Number, title, score when chosen, held-out score, its change, selection bias; with their intervals."""
    return [
        [
            str(score.number),
            "" if (trial := study.trial(score.number)) is None else words.title(trial),
            format_points(score.chosen),
            f"{format_points(score.value)} ({format_interval(score.ci95)})",
            _change(score.paired_delta, score.paired_ci95),
            _change(score.change_optimism, score.change_optimism_ci95),
        ]
        for score in found.trials
    ]


def held_out_sentences(study: StudyResult, words: StudyWords) -> list[str]:
    """What is to be said below the rows, or in their place."""
    found = study.held_out
    if found is None:
        return [words.t("sure.held_out_none")]
    if not found.trials:
        return [words.t("sure.held_out_waiting", images=found.images)]
    told = []
    if found.optimism is not None:
        change = words.change(found.optimism.value, found.optimism.ci95)
        told.append(words.t("sure.optimism", change=change))
    if found.looks > 1:
        told.append(words.t("sure.looks", looks=found.looks))
    return told


def _change(value: float, bounds: Bounds | None) -> str:
    """A change with its interval; that of the original against itself is none."""
    if bounds == (0.0, 0.0):
        return DASH
    return f"{format_change(value)} ({format_interval(bounds, signed=True)})"


def _named(study: StudyResult, numbers: Sequence[int], words: StudyWords) -> str:
    named = words.t("choice.list").join(_name(study, number, words) for number in numbers[:MOST_NAMED])
    more = len(numbers) - MOST_NAMED
    return named if more <= 0 else words.t("sure.more", named=named, count=more)


def _name(study: StudyResult, number: int, words: StudyWords) -> str:
    trial = study.trial(number)
    return words.safe(f"#{number}" if trial is None else words.numbered(trial))
