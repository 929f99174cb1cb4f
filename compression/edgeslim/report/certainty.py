"""How sure a study is, in a terminal: groups, seeds, noise, held-out scores, comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeslim.report.axes import AXES
from edgeslim.report.confidence import (
    GroupsInfo,
    HeldOutInfo,
    groups_info,
    held_out_info,
    held_out_state,
)
from edgeslim.report.info import Study, noisy, trial_of
from edgeslim.report.repeats import spreads
from edgeslim.report.text import table
from edgeslim.units import format_change, format_interval, format_points

MOST_PAIRS = 6


def certainty_lines(study: Study) -> str:
    """What is to be known before one trial of a study is called better than another."""
    parts = [_groups(study), _seeds(study), _noise(study), _held_out(study)]
    return "\n".join(line for part in parts for line in part)


def comparison_lines(found: Mapping[str, Any]) -> str:
    """Two trials compared (workbench.compare_trials)."""
    lines = [
        f"#{one['number']} {one['title']}: {found['metric']} {format_points(one['value'])} "
        f"({format_interval(one['ci95'])})"
        for one in (found["first"], found["second"])
    ]
    apart = "they differ" if found["distinguishable"] else "they cannot be told apart"
    change = f"{format_change(found['difference'])} ({format_interval(found['ci95'], signed=True)})"
    lines.append(f"difference: {change} points on the same {found['images']} images: {apart}")
    return "\n".join([*lines, _needed(found["images_80"], found["images_95"])])


def _needed(images_80: int | None, images_95: int | None) -> str:
    if images_80 is None:
        return "There is no difference that more images could show."
    return f"Such a difference shows with {images_80:,} images in 80 % of cases, with {images_95:,} in 95 %."


def _groups(study: Study) -> list[str]:
    found = groups_info(study)
    if found is None:
        return []
    sets = [one for one in found.alike if len(one) > 1]
    lines = [f"could be the best: {_numbers(found.best)}"]
    if sets:
        listed = "  ".join(f"{{{_numbers(one)}}}" for one in sets)
        lines.append(
            f"cannot be told apart on {found.images} images ({found.level:.0%} for all pairs together): {listed}"
        )
    return lines + _neighbours(found)


def _neighbours(found: GroupsInfo) -> list[str]:
    """What it would take to tell neighbours in rank apart."""
    alike = [pair for pair in found.neighbours() if not pair.distinguishable and pair.images_80]
    return [
        f"  {pair.first} and {pair.second}: {format_change(pair.difference)} points. "
        f"{_needed(pair.images_80, pair.images_95)}"
        for pair in alike[:MOST_PAIRS]
    ]


def _seeds(study: Study) -> list[str]:
    metric = next((t["primary_metric"] for t in study["trials"] if t.get("primary_metric")), None)
    if metric is None:
        return []
    axis = AXES.get(metric)
    lines = []
    for spread in spreads(study, axis):
        first = trial_of(study, spread.numbers[0])
        assert first is not None, "a spread is of the study's trials"
        low, high = (axis.kind.text(bound) for bound in spread.bounds)
        lines.append(
            f"{first['title']}, {len(spread.numbers)} seeds ({_numbers(spread.numbers)}): "
            f"{metric} {axis.kind.text(spread.mean)} in the mean, {low} … {high}"
        )
    return lines


def _noise(study: Study) -> list[str]:
    numbers = noisy(study)
    if not numbers:
        return []
    return [f"the machine was too busy to time these files reliably: {_numbers(numbers)}"]


def _held_out(study: Study) -> list[str]:
    state = held_out_state(study)
    if state == "none":
        return ["no images were held out: these scores are the ones that files are chosen by, and flatter"]
    if state == "waiting":
        count = study["held_out"]["images"]
        return [f"{count} validation images are held out; they are scored when the study is complete"]
    found = held_out_info(study)
    assert found is not None, "they were scored"
    return [*_claims(found), *_optimism(found)]


def _claims(found: HeldOutInfo) -> list[str]:
    rows = [
        [
            claim.number,
            format_points(claim.chosen),
            f"{format_points(claim.value)} ({format_interval(claim.bounds)})",
            f"{format_change(claim.change)} ({format_interval(claim.change_bounds, signed=True)})",
            f"{format_change(claim.change_optimism)} ({format_interval(claim.change_optimism_bounds, signed=True)})",
        ]
        for claim in found.claims
    ]
    headers = [
        "#",
        f"{found.metric} when chosen",
        "held out (95 %)",
        "Δ original (95 %)",
        "optimism of Δ (95 %)",
    ]
    return [f"on {found.images} images that nothing was chosen by:", table(rows, headers)]


def _optimism(found: HeldOutInfo) -> list[str]:
    lines = []
    if found.optimism is not None:
        interval = format_interval(found.optimism_bounds, signed=True)
        lines.append(
            f"choosing flattered the change against the original by {format_change(found.optimism)} points "
            f"in the mean ({interval})"
        )
    if found.looks > 1:
        lines.append(
            f"the held-out images were looked at {found.looks} times: they are no longer quite unseen"
        )
    return lines


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
