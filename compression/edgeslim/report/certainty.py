"""How sure a study is, in a terminal: groups, seeds, noise, held-out scores, comparisons."""

from __future__ import annotations

from edgeslim.records import NOISY
from edgeslim.report.certainty_info import headline_values
from edgeslim.report.flips import flipping
from edgeslim.report.info import noisy
from edgeslim.report.repeats import spreads
from edgeslim.report.text import table
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.groups import Groups, HeldOut, TrialComparison
from edgeslim.studies.study import StudyResult
from edgeslim.units import format_change, format_interval, format_points

MOST_PAIRS = 6


def certainty_lines(study: StudyResult) -> str:
    """What is to be known before one trial of a study is called better than another."""
    parts = [_groups(study), _seeds(study), _noise(study), _flips(study), _held_out(study)]
    return "\n".join(line for part in parts for line in part)


def comparison_lines(found: TrialComparison) -> str:
    """Two trials compared."""
    lines = [
        f"#{one.number} {one.title}: {found.metric} {format_points(one.value)} ({format_interval(one.ci95)})"
        for one in (found.first, found.second)
    ]
    apart = "they differ" if found.distinguishable else "they cannot be told apart"
    change = f"{format_change(found.difference)} ({format_interval(found.ci95, signed=True)})"
    lines.append(f"difference: {change} points on the same {found.images} images: {apart}")
    return "\n".join([*lines, _needed(found.images_80, found.images_95)])


def _needed(images_80: int | None, images_95: int | None) -> str:
    if images_80 is None:
        return "There is no difference that more images could show."
    return f"Such a difference shows with {images_80:,} images in 80 % of cases, with {images_95:,} in 95 %."


def _groups(study: StudyResult) -> list[str]:
    found = study.groups
    if found is None:
        return []
    sets = [one for one in found.alike if len(one) > 1]
    lines = [f"could be the best: {_numbers(found.best)}"]
    if sets:
        listed = "  ".join(f"{{{_numbers(one)}}}" for one in sets)
        lines.append(
            f"cannot be told apart on {found.images} images ({found.level:.0%} for all pairs together): {listed}"
        )
    return lines + _neighbours(found, study)


def _neighbours(found: Groups, study: StudyResult) -> list[str]:
    """What it would take to tell neighbours in rank apart."""
    neighbours = found.neighbours(headline_values(study))
    alike = [pair for pair in neighbours if not pair.distinguishable and pair.images_80]
    return [
        f"  {pair.first} and {pair.second}: {format_change(pair.difference)} points. "
        f"{_needed(pair.images_80, pair.images_95)}"
        for pair in alike[:MOST_PAIRS]
    ]


def _seeds(study: StudyResult) -> list[str]:
    metric = next((trial.primary_metric for trial in study.trials if trial.primary_metric), None)
    if metric is None:
        return []
    figure = FIGURES.get(metric)
    lines = []
    for spread in spreads(study, figure):
        first = study.trial(spread.numbers[0])
        assert first is not None, "a spread is of the study's trials"
        low, high = (figure.kind.text(bound) for bound in spread.bounds)
        lines.append(
            f"{first.title}, {len(spread.numbers)} seeds ({_numbers(spread.numbers)}): "
            f"{metric} {figure.kind.text(spread.mean)} in the mean, {low} … {high}"
        )
    return lines


def _noise(study: StudyResult) -> list[str]:
    numbers = noisy(study)
    if not numbers:
        return []
    return [f"the 95 % interval of the latency ratio is wider than ±{NOISY:.0%}: {_numbers(numbers)}"]


def _flips(study: StudyResult) -> list[str]:
    numbers = flipping(study)
    if not numbers:
        return []
    return [
        f"scores of int8 files can move with rounding errors of the inputs, which no interval over images contains: "
        f"{_numbers(numbers)} (edgeslim study flips {study.name} N measures by how much)"
    ]


def _held_out(study: StudyResult) -> list[str]:
    found = study.held_out
    if found is None:
        return ["no images were held out: these scores are the ones that files are chosen by, and flatter"]
    if not found.trials:
        return [f"{found.images} validation images are held out; they are scored when the study is complete"]
    return [*_scores(found), *_optimism(found)]


def _scores(found: HeldOut) -> list[str]:
    rows = [
        [
            one.number,
            format_points(one.chosen),
            f"{format_points(one.value)} ({format_interval(one.ci95)})",
            f"{format_change(one.paired_delta)} ({format_interval(one.paired_ci95, signed=True)})",
            f"{format_change(one.change_optimism)} ({format_interval(one.change_optimism_ci95, signed=True)})",
        ]
        for one in found.trials
    ]
    headers = [
        "#",
        f"{found.metric} when chosen",
        "held out (95 %)",
        "Δ original (95 %)",
        "optimism of Δ (95 %)",
    ]
    return [f"on {found.images} images that nothing was chosen by:", table(rows, headers)]


def _optimism(found: HeldOut) -> list[str]:
    lines = []
    if found.optimism is not None:
        interval = format_interval(found.optimism.ci95, signed=True)
        lines.append(
            f"choosing flattered the change against the original by {format_change(found.optimism.value)} points "
            f"in the mean ({interval})"
        )
    if found.looks > 1:
        lines.append(
            f"the held-out images were looked at {found.looks} times: they are no longer quite unseen"
        )
    return lines


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
