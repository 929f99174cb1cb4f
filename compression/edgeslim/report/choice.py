"""What a study's front comes to, and what to choose under its budget, in English for a terminal."""

from __future__ import annotations

from edgeslim.report.info import SURELY, headline, proposed, worth_it
from edgeslim.report.text import words
from edgeslim.studies.budget import ROUNDING, Budget
from edgeslim.studies.choice import Choice
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.front_summary import Hypervolume, front_summary
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import format_bytes, format_change, format_factor

ENDS = {
    "time": "its time was up",
    "trials": "it had tried as many recipes as it was allowed",
    "patience": "nothing got better any more",
    "space": "no recipe was left to try",
}
TO_BE_TIMED = "Files are still to be measured or timed: which one keeps the budget is not known yet."
REMARKS = {
    "loss_uncertain": "Its loss may be larger than the limit: the 95 % interval crosses it.",
    "latency_noisy": "Its latency ratio is uncertain by more than 10 %: time it again on a quiet machine.",
    "not_distinguishable": "Its 95 % interval overlaps the runner-up's: on these images the two cannot be told apart.",
}


def choice_lines(study: StudyResult, search: bool = True) -> str:
    """The search, the front's volume and knee, if wanted; with a budget the pick, the runner-up and why, else what to
    take."""
    found = front_summary(study)
    lines: list[str] = []
    if search and study.search is not None:
        lines.append(_search(study, study.search))
        if found.hypervolume is not None:
            lines.append(_front(found.hypervolume, study.trial(found.knee)))
    if found.choice is not None:
        lines += _choice(study, found.choice)
    elif (recommended := _recommended(study)) is not None:
        lines.append(recommended)
    return "".join(f"{line}\n" for line in lines)


def _recommended(study: StudyResult) -> str | None:
    """What saves most and surely loses little; None before it is measured, or where that is sure of none."""
    number = worth_it(study)
    trial, told = study.trial(number), None if number is None else headline(study, number)
    bounds = trial.bounds("paired_ci95") if trial is not None else None
    if trial is None or told is None or bounds is None or bounds[0] < -SURELY:
        return None
    speed, saves = "", "size and time together"
    if told.faster is None:  # then none was timed, see worth_it
        saves = "size; nothing has been timed"
    elif told.same_speed:
        speed = ", same speed"
    else:
        speed = f", {format_factor(told.faster)} as fast"
    return (
        f"recommended: {_numbered(trial)}: {format_factor(told.smaller)} smaller{speed}; of the files that surely lose "
        f"less than {100 * SURELY:g} points, it saves most in {saves}{_forgets(trial)}"
    )


def _forgets(trial: TrialResult) -> str:
    former = trial.former
    if former is None or not former.lost:
        return ""
    return (
        f"; but {format_change(former.change)} points on '{former.dataset}', which the model had learnt from"
    )


def closest(study: StudyResult, budget: Budget) -> tuple[int, list[str]] | None:
    """Of the measured trials that miss the budget, the one that misses it by least, and the limits that it misses.

    By least: its largest excess is the smallest, costs relative to the limit, accuracy in shares of 1. None if no
    trial has all the figures that the budget asks for.
    """
    found: dict[int, dict[str, float]] = {}
    for trial in filter(lambda trial: trial.measured, study.trials):
        over = {
            name: figure.excess(value, limit)
            for name, limit in budget
            if (value := (figure := FIGURES.get(name)).value(trial, study.original)) is not None
        }
        if len(over) == len(budget.limits) and max(over.values(), default=0.0) > ROUNDING:
            found[trial.number] = over
    if not found:
        return None
    number = min(found, key=lambda number: max(found[number].values()))
    return number, [name for name, excess in found[number].items() if excess > ROUNDING]


def _search(study: StudyResult, search: SearchRun) -> str:
    tried = proposed(study)
    full = sum(trial.sizes is not None for trial in tried)
    pruned = sum(trial.passed_over for trial in tried)
    ended = f", until {ENDS[search.ended]}" if search.ended else ""
    return (
        f"search: {search.sampler}, {search.spent / 60:.1f} min{ended}; {len(tried)} recipes proposed, "
        f"{full} measured fully, {pruned} dropped before"
    )


def _front(found: Hypervolume, knee: TrialResult | None) -> str:
    reference = ", ".join(f"{words(name)} {_amount(name, value)}" for name, value in found.reference.items())
    line = f"hypervolume {found.value:.3f} (reference: {reference})"
    return line if knee is None else f"{line}; the front bends at {_numbered(knee)}"


def _choice(study: StudyResult, choice: Choice) -> list[str]:
    limits = ", ".join(
        f"{words(name)} {'≤' if FIGURES.get(name).cost else '≥'} {_amount(name, limit)}"
        for name, limit in study.budget
    )
    pick, runner_up = study.trial(choice.pick), study.trial(choice.runner_up)
    if pick is None:
        none = "No file keeps this budget." if study.state == "complete" else TO_BE_TIMED
        return [f"budget: {limits}", none]
    why = {reason.code: reason.values for reason in choice.why}
    kept = ", ".join(
        f"{words(name)} {_amount(name, FIGURES.get(name).value(pick, study.original))}"
        for name, _ in study.budget
    )
    best, of = choice.why[0].code.replace("_", " "), choice.why[0].values["count"]
    first = "the only file that keeps" if best == "only one" else f"the {best} of {of} files that keep"
    lines = [f"budget: {limits}", f"Take {_numbered(pick)}: {first} the budget ({kept})."]
    lines += [REMARKS[remark] for remark in choice.remarks]
    if runner_up is not None:
        accuracy, download = (float(why["runner_up"][name] or 0.0) for name in ("accuracy", "download"))
        lines.append(
            f"Runner-up: {_numbered(runner_up)}, {format_change(accuracy)} points, "
            f"download {format_bytes(abs(download))} {'larger' if download > 0 else 'smaller'}."
        )
    return lines


def _numbered(trial: TrialResult) -> str:
    return f"#{trial.number} {trial.title}"


def _amount(name: str, value: float | None) -> str:
    return FIGURES.get(name).kind.text(value)
