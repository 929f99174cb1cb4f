"""What a study has found, and which file to take, in words: a title and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edgeslim.report.choice import closest
from edgeslim.report.info import SURELY, Headline, class_info, headline, worth_it
from edgeslim.report.limits import hardest
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, Reason
from edgeslim.studies.devices import Device
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import format_bytes, format_change, format_factor


def recommended(study: StudyResult) -> int | None:
    """The file to take where no limit is set: what saves most and surely loses little. None before the original is."""
    original = study.original
    return worth_it(study) if original is not None and original.measured else None


def finding(study: StudyResult, choice: Choice | None, words: StudyWords) -> str:
    """'6.5× smaller at −0.4 points of mAP': of the pick, without a budget of the recommended file.

    The study's name where nothing is known yet.
    """
    if choice is not None and choice.pick is None and study.state == "complete":
        return words.t("front.nothing_fits")
    number = choice.pick if choice is not None else recommended(study)
    if choice is not None and number == study.baseline:
        return words.t("front.original_fits")
    original = study.original
    if original is not None and original.scores_nothing:
        return words.t("front.original_blind", metric=words.figure(original.primary_metric or ""))
    found = None if number is None else headline(study, number)
    trial = study.trial(number)
    if found is None or trial is None:
        return words.safe(study.name)
    told = found_of(found, trial, words)
    return told if study.state == "complete" else words.t("front.so_far", finding=told)


def found_of(found: Headline, trial: TrialResult, words: StudyWords) -> str:
    """The same of any file."""
    size = "smaller" if found.smaller >= 1 else "larger"
    factor = found.smaller if found.smaller >= 1 else 1 / found.smaller
    told = words.t(f"headline.{size}", times=format_factor(factor).rstrip("×"))
    metric = words.figure(trial.primary_metric or "")
    if found.like_original:
        return words.t("front.no_loss", saved=told, metric=metric)
    if found.change is not None:
        return words.t("front.at_loss", saved=told, points=format_change(found.change), metric=metric)
    return told


def sentence(found: Headline, metric: str, words: StudyWords) -> str:
    """'9.7× smaller, 1.4× as fast, −2.3 points of mAP'."""
    if found.change is None:
        return savings(found, words)
    change = words.t("headline.change", points=words.change(found.change, None), metric=words.figure(metric))
    return savings(found, words) + words.t("headline.comma") + change


def savings(found: Headline, words: StudyWords) -> str:
    """'9.7× smaller, 1.4× as fast'."""
    parts = [_times("smaller", "larger", found.smaller, words)]
    if found.faster is not None and found.same_speed:
        parts.append(words.t("headline.same_speed"))
    elif found.faster is not None:
        parts.append(_times("faster", "slower", found.faster, words))
    return words.t("headline.comma").join(parts)


def _times(more: str, less: str, factor: float, words: StudyWords) -> str:
    """'9.7× smaller', or for a factor below one '1.1× larger'; what rounds to once changes nothing."""
    if less == "larger" and format_factor(factor) == format_factor(1 / factor) == format_factor(1.0):
        return words.t("headline.same_size")
    key, value = (more, factor) if factor >= 1 else (less, 1 / factor)
    return words.t(f"headline.{key}", times=format_factor(value).rstrip("×"))


def choice_lines(
    study: StudyResult, choice: Choice | None, budget: Budget, words: StudyWords, device: Device | None = None
) -> list[str]:
    """The file to take with its figures, then why, what it loses, and the runner-up; '**' marks what is strong.

    Where no file keeps the limits: which one excludes most, and what comes closest. Empty where nothing is known yet.
    """
    trial = study.trial(recommended(study) if choice is None else choice.pick)
    if choice is not None and trial is None:
        if study.state != "complete":
            return []
        return [_nothing_fits(study, choice, budget, words.limits(budget, device), words)]
    if trial is None:
        return []
    if choice is None:
        return _recommended(study, trial, words)
    return _pick(study, trial, choice, words.limits(budget, device), words)


def _pick(study: StudyResult, pick: TrialResult, choice: Choice, limits: str, words: StudyWords) -> list[str]:
    title = words.safe(words.numbered(pick))
    first = words.t("choice.pick", limits=limits[0].upper() + limits[1:], title=title)
    best: Reason = choice.why[0]  # 'most_accurate', 'smallest' or 'only_one'
    why = {reason.code: reason.values for reason in choice.why}
    reasons = [words.t(f"choice.{best.code}", **best.values)]
    reasons += [words.t(f"choice.{remark}") for remark in choice.remarks]
    reasons += [_weakest(study, pick, words), _former(pick, words), _held_out(study, pick.number, words)]
    runner_up = study.trial(choice.runner_up)
    if runner_up is not None:
        reasons.append(_runner_up(runner_up, why["runner_up"], words))
    return [f"{first} {_figures(study, pick, words)}", words.sentences(reasons)]


def _recommended(study: StudyResult, trial: TrialResult, words: StudyWords) -> list[str]:
    first = words.t("front.recommended", title=words.safe(words.numbered(trial)))
    bounds = trial.bounds("paired_ci95")
    sure = bounds is not None and bounds[0] >= -SURELY
    why = "front.recommended_why" if sure else "front.recommended_front"
    if not trial.latency:  # then none was timed, see worth_it
        why += "_size"
    reasons = [
        words.t(why, points=f"{SURELY * 100:g}"),
        _weakest(study, trial, words),
        _former(trial, words),
        _held_out(study, trial.number, words),
    ]
    return [f"{first} {_figures(study, trial, words)}", words.sentences(reasons)]


def _former(trial: TrialResult, words: StudyWords) -> str:
    """What its training has cost on the data that the model had learnt from."""
    former = trial.former
    if former is None or not former.lost:
        return ""
    return words.t("front.former", dataset=words.safe(former.dataset), change=format_change(former.change))


def _nothing_fits(study: StudyResult, choice: Choice, budget: Budget, asked: str, words: StudyWords) -> str:
    found = hardest(study, budget, choice)
    lines = [_closest(study, budget, words)]
    if found is not None and len(budget.limits) > 1:
        limit = words.limit(FIGURES.get(found[0]), budget.limits[found[0]])
        count = sum(trial.measured for trial in study.trials)
        lines.insert(0, words.t("front.hardest", limit=limit, excluded=found[1], count=count))
    return f"{words.t('choice.none', limits=asked)} {words.sentences(lines)}"


def _closest(study: StudyResult, budget: Budget, words: StudyWords) -> str:
    """What comes closest to the budget, and which of its limits it misses."""
    found = closest(study, budget)
    trial = study.trial(found[0]) if found is not None else None
    if found is None or trial is None or not trial.measured:
        return words.t("choice.nearest_other")
    missed = words.t("choice.list").join(words.missed(name) for name in found[1])
    title = words.safe(words.numbered(trial))
    return words.t("choice.closest", title=title, missed=missed, figures=_figures(study, trial, words))


def _weakest(study: StudyResult, trial: TrialResult, words: StudyWords) -> str:
    """The class that loses most, which no interval is known of; nothing where none loses."""
    rows = class_info(study, trial.number)
    if not rows or rows[0].change >= 0 or trial.number == study.baseline:
        return ""
    label = words.safe(words.class_name(rows[0].label))
    return words.t("front.weakest", label=label, change=format_change(rows[0].change))


def _figures(study: StudyResult, trial: TrialResult, words: StudyWords) -> str:
    """'292 KB to download, mAP 66.2, −0.5 points (95 % interval −0.8 … −0.1). 4.1× smaller, 1.4× as fast.'."""
    size = format_bytes(trial.sizes.download if trial.sizes else None)
    found = headline(study, trial.number)
    if found is None or trial.number == study.baseline:
        return words.t("choice.is_original", size=size)
    parts = [words.t("choice.download", size=size)]
    if trial.primary_metric is not None and trial.objective is not None:
        text = FIGURES.get(trial.primary_metric).kind.text(trial.objective)
        parts.append(f"{words.figure(trial.primary_metric)} {text}")
    if found.change is not None:
        parts.append(words.change(found.change, found.interval))
    stop = words.t("choice.stop")
    return f"{words.t('choice.separator').join(parts)}{stop}{savings(found, words)}{stop}".strip()


def _runner_up(trial: TrialResult, behind: Mapping[str, Any], words: StudyWords) -> str:
    """What the second best lacks against the pick, by the values of that reason."""
    key = "larger" if behind["download"] > 0 else "smaller" if behind["download"] < 0 else "as_large"
    return words.t(
        "choice.runner_up",
        title=words.safe(words.numbered(trial)),
        change=format_change(behind["accuracy"]),
        size=words.t(f"choice.{key}", size=format_bytes(abs(behind["download"]))),
    )


def _held_out(study: StudyResult, number: int, words: StudyWords) -> str:
    """A file's score on images that nothing was chosen by, if it has one; else nothing."""
    found = study.held_out
    score = found.score(number) if found is not None else None
    if found is None or found.metric is None or score is None or number == study.baseline:
        return ""
    return words.t(
        "choice.held_out",
        images=found.images,
        metric=words.figure(found.metric),
        value=FIGURES.get(found.metric).kind.text(score.value),
        change=words.change(score.paired_delta, score.paired_ci95),
    )


def pinned(
    study: StudyResult,
    choice: Choice | None,
    budget: Budget,
    words: StudyWords,
    starred: Iterable[int] = (),
) -> dict[int, str]:
    """Words for the chart's pick and runner-up, or what is closest, and a star for the trials that have one."""
    found = dict.fromkeys(starred, "★")
    if choice is None:
        return found
    named = [
        (choice.pick, f"{words.t('chart.pick')} #{choice.pick}"),
        (choice.runner_up, words.t("chart.runner_up")),
    ]
    if choice.pick is None and (near := closest(study, budget)) is not None:
        named = [(near[0], f"{words.t('chart.closest')} #{near[0]}")]
    for number, told in named:
        if number is not None:
            found[number] = f"★ {told}" if number in found else told
    return found
