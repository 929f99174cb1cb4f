"""What a study's front comes to, and what to choose under its budget, in English for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeslim.report.info import Study, proposed, trial_of
from edgeslim.studies.budget import Budget, excesses
from edgeslim.studies.objectives import values_of
from edgeslim.studies.study import StudyResult
from edgeslim.units import format_bytes, format_change, format_count, format_points, format_ratio

ENDS = {
    "time": "its time was up",
    "trials": "it had tried as many recipes as it was allowed",
    "patience": "nothing got better any more",
    "space": "no recipe was left to try",
}
TO_BE_TIMED = "Files are still to be measured or timed: which one keeps the budget is not known yet."
REMARKS = {
    "loss_uncertain": "Its loss may be larger than the limit: the 95 % interval crosses it.",
    "latency_noisy": "Its timing is noisy: the machine was busy.",
    "not_distinguishable": "Its 95 % interval overlaps the runner-up's: on these images the two cannot be told apart.",
}


def choice_lines(study: Study) -> str:
    """The search, the front's volume and knee, and with a budget the pick, the runner-up and why; '' if there is none."""
    lines = [*_search(study), *_front(study), *_choice(study)]
    return "".join(f"{line}\n" for line in lines)


def closest(study: Study, budget: Budget) -> tuple[int, list[str]] | None:
    """Of the measured trials that miss the budget, the one that misses it by least, and the limits that it misses.

    By least: its largest excess is the smallest, costs relative to the limit, accuracy in shares of 1. None if no
    trial has all the figures that the budget asks for.
    """
    found = StudyResult.from_json(study)
    original = next((trial.objective for trial in found.trials if trial.number == found.baseline), None)
    limits = set(budget.to_json())
    misses = {
        trial.number: over
        for trial in found.trials
        if trial.state in ("complete", "running") and trial.sizes is not None
        if limits == set(over := excesses(values_of(trial), budget, original))
    }
    if not misses:
        return None
    number = min(misses, key=lambda number: max(misses[number].values()))
    return number, [name for name, excess in misses[number].items() if excess > 0]


def missed_words(missed: Sequence[str]) -> str:
    """'over download, under accuracy'."""
    return ", ".join(reason.replace("_", " ") for reason in missed)


def _search(study: Study) -> list[str]:
    search = study.get("search")
    if search is None:
        return []
    tried = proposed(study)
    full = sum(trial["sizes"] is not None for trial in tried)
    pruned = sum(trial["state"] == "pruned" for trial in tried)
    ended = f", until {ENDS[search['ended']]}" if search["ended"] else ""
    return [
        f"search: {search['sampler']}, {search['spent'] / 60:.1f} min{ended}; {len(tried)} recipes proposed, "
        f"{full} measured fully, {pruned} dropped before"
    ]


def _front(study: Study) -> list[str]:
    found = study.get("hypervolume")
    if not found or study.get("search") is None:
        return []
    reference = ", ".join(f"{name} {_amount(name, value)}" for name, value in found["reference"].items())
    knee = trial_of(study, study["knee"])
    line = f"hypervolume {found['value']:.3f} (reference: {reference})"
    return [line if knee is None else f"{line}; the front bends at {_named(knee)}"]


def _choice(study: Study) -> list[str]:
    choice = study.get("choice")
    if choice is None:
        return []
    limits = ", ".join(f"{_limit_name(name)} {_most(name, value)}" for name, value in study["budget"].items())
    pick, runner_up = trial_of(study, choice["pick"]), trial_of(study, choice["runner_up"])
    if pick is None:
        none = "No file keeps this budget." if study["state"] == "complete" else TO_BE_TIMED
        return [f"budget: {limits}", none]
    why = {reason["code"]: reason["values"] for reason in choice["why"]}
    kept = [each["values"] for each in choice["why"] if each["code"] == "keeps_limit"]
    first = "the only file that keeps" if "only_one" in why else (
        f"the most accurate of {why['most_accurate']['count']} files that keep"
    )  # fmt: skip
    lines = [f"budget: {limits}", f"Take {_named(pick)}: {first} the budget ({_kept(kept)})."]
    lines += [REMARKS[remark] for remark in choice["remarks"]]
    if runner_up is not None:
        behind = why["runner_up"]
        lines.append(
            f"Runner-up: {_named(runner_up)}, {format_change(behind['accuracy'])} points, "
            f"download {format_bytes(abs(behind['download']))} {'larger' if behind['download'] > 0 else 'smaller'}."
        )
    return lines


def _kept(kept: Sequence[Mapping[str, Any]]) -> str:
    parts = (f"{_limit_name(each['limit'])} {_amount(each['limit'], each['value'])}" for each in kept)
    return ", ".join(parts)


def _named(trial: Mapping[str, Any]) -> str:
    return f"#{trial['number']} {trial['title']}"


def _limit_name(name: str) -> str:
    return {"loss": "points lost", "latency_ratio": "latency"}.get(name, name)


def _most(name: str, value: float) -> str:
    return f"{'≥' if name in ('accuracy', 'agreement') else '≤'} {_amount(name, value)}"


def _amount(name: str, value: float) -> str:
    if name in ("download", "file", "memory"):
        return format_bytes(value)
    if name == "macs":
        return format_count(value)
    return format_ratio(value) if name in ("latency", "latency_ratio") else format_points(value)
