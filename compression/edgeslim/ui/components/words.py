"""Words that several screens need: texts for charts, names of steps, states and parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil, floor
from typing import Any

from edgeslim.errors import ErrorRecord
from edgeslim.records import NoticeRecord, ProgressRecord, RecipeRecord
from edgeslim.report.charts import TEXTS
from edgeslim.report.machine import machine_of
from edgeslim.studies.estimate import Estimate
from edgeslim.studies.figures import FIGURES, Figure, in_all
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds, TrialResult
from edgeslim.ui import data, i18n
from edgeslim.ui.i18n import Language, error_text, known, plain
from edgeslim.ui.state import language, t
from edgeslim.units import format_change, format_interval


def chart_texts(runtimes: Iterable[str] = ()) -> Mapping[str, str]:
    """What charts write, all figures among it, those in other runtimes too."""
    now = language()
    names = {
        f"axis.{figure.name}": i18n.figure_name(now, figure.name) for figure in in_all(FIGURES, runtimes)
    }
    return {**{key: i18n.translate(now, key) for key in TEXTS if key not in names}, **names}


def named(kind: str, name: str) -> str:
    """What the core calls `name`, in words (`<kind>.<name>`); a name without words stands for itself."""
    key = f"{kind}.{name}"
    return t(key) if known(language(), key) else name


def figure_name(name: str) -> str:
    """A figure, or the metric of that name, in words."""
    return i18n.figure_name(language(), name)


def short_name(name: str) -> str:
    """A figure in few words, where there are such."""
    key = f"table.{name}"
    return t(key) if known(language(), key) else figure_name(name)


def column_name(figure: Figure) -> str:
    """The head of a table's column: shorter where there are words for that, and with its unit."""
    name = short_name(figure.name)
    return f"{name} ({figure.kind.unit})" if figure.kind.unit else name


def limit_label(figure: Figure) -> str:
    """What a field asks that takes a limit: 'Download at most (KB)'."""
    key = f"budget.{figure.name}"
    if known(language(), key):
        return t(key)
    return t("budget.at_most" if figure.cost else "budget.at_least", figure=column_name(figure))


def limit_words(figure: Figure, limit: float) -> str:
    """What a file does that keeps a limit: 'fits 150 KB', 'loses at most one point'."""
    kind = figure.kind
    if kind.relative:
        value = re.sub(r"\.(\d*?)0+(?= |$)", lambda found: f".{found[1]}".rstrip("."), kind.text(limit))
    else:
        value = f"{limit * kind.scale:g} {kind.unit}".rstrip()
    for key in (f"limit.{figure.name}_{value}", f"limit.{figure.name}"):
        if known(language(), key):
            return t(key, value=value)
    return t(
        "limit.at_most" if figure.cost else "limit.at_least", figure=figure_name(figure.name), value=value
    )


def missed_words(name: str) -> str:
    """What is wrong with a file that does not keep a limit: 'is too slow'."""
    key = f"missed.{name}"
    return t(key) if known(language(), key) else t("missed.other", figure=figure_name(name))


def step_name(step: str) -> str:
    return named("step", step)


def titled(study: StudyResult) -> StudyResult:
    """The study, all its trials titled in the screen's language."""
    return data.once(_titled, study, language())


def names(study: StudyResult) -> Mapping[int, str]:
    """All trials by number and title, as Markdown."""
    return data.once(_names, titled(study))


def _names(study: StudyResult) -> dict[int, str]:
    return {trial.number: plain(f"#{trial.number} {trial.title}") for trial in study.trials}


def _titled(study: StudyResult, language: Language) -> StudyResult:
    return replace(study, trials=tuple(replace(each, title=trial_title(each)) for each in study.trials))


def trial_title(trial: TrialResult) -> str:
    """The recipe's name, else its steps; names that presets give are in the screen's language.

    A seed other than the usual one is named too. What is no trial of the study has a title of its own.
    """
    if trial.number < 0:
        return trial.title
    title, seed = recipe_title(trial.recipe), trial.recipe.seed
    return t("trial.seed", title=title, seed=seed) if seed else title


def recipe_title(recipe: RecipeRecord) -> str:
    if recipe.name:
        parts = [_preset_words(part) for part in recipe.name.split(" + ")]
        return " + ".join(part or "" for part in parts) if all(parts) else recipe.name
    return " + ".join(_step_title(step) for step in recipe.steps) or t("trial.original")


def _step_title(step: Mapping[str, Any]) -> str:
    """A step's name with its amount, as a search varies it: 'Fine-tuning 200 steps'."""
    name = step_name(step["step"])
    parameter, unit = data.amounts().get(step["step"], ("", ""))
    value = step.get(parameter)
    if value is None:
        return name
    if unit.startswith("fraction"):
        return f"{name} {value * 100:g} %"
    return t(f"amount.{unit}" if unit in ("steps", "bits") else "amount.other", step=name, value=f"{value:g}")


def _preset_words(part: str) -> str | None:
    """A part of a preset's recipe name, such as 'magnitude 50%', in words; None for a name of someone's own."""
    match = re.fullmatch(r"(.+?)(?: (\d+)%)?", part)
    assert match is not None, "every non-empty text matches"
    key = "recipe." + re.sub(r"\W+", "_", match[1])
    if not known(language(), key):
        return None
    return t(key, share=f"{match[2]} %") if match[2] else t(key)


def numbered(trial: TrialResult) -> str:
    title = trial_title(trial)
    return f"#{trial.number} {title}" if trial.number >= 0 else title


def recipe_words(recipe: RecipeRecord) -> str:
    """The steps in order, as Markdown."""
    steps = [plain(step_name(step["step"])) for step in recipe.steps]
    return " → ".join(steps) if steps else t("trial.original")


def change_words(change: float | None, interval: Bounds | None) -> str:
    """'−0.8 points (95 %: −1.4 … −0.2)'."""
    if change is None:
        return t("change.unknown")
    if interval is None:
        return t("change.points", change=format_change(change))
    return t("change.interval", change=format_change(change), interval=format_interval(interval, signed=True))


def duration_words(time: Estimate) -> str:
    """'about 3–12 min', and where that is so, that its time may not do for all recipes."""
    soon = time.low < 60 and time.high < 180
    unit, size = ("seconds", 10) if soon else ("minutes", 60) if time.high < 7200 else ("hours", 3600)
    scale = size if unit == "seconds" else 1
    low, high = max(1, floor(time.low / size)) * scale, ceil(time.high / size) * scale
    words = t(f"time.{unit}", time=f"{low}–{high}" if low < high else f"{high}")
    return t("time.may_leave_out", time=words) if time.may_leave_out else words


def class_name(label: str) -> str:
    """A class in the screen's language; one that is not known there stays as it is."""
    return i18n.class_name(language(), label)


def state_words(state: str) -> str:
    return t(f"state.{state}")


def progress_words(now: ProgressRecord) -> str:
    """What a job is doing: its code in words, a step's code by the step's name; of a wait, for whom and how long."""
    key = f"progress.{now.message}"
    if not known(language(), key):
        return step_name(now.message)
    who = plain(now.who) if now.who else t("progress.another_process")
    return t(key, who=who, done=now.done, total=now.total)


def notice_words(notice: NoticeRecord) -> str:
    """A warning about data: translated by its code, else its own English words."""
    values = {name: str(value) for name, value in notice.values.items()}
    return error_text(language(), ErrorRecord(notice.code, notice.text, "", values), prefix="notice")


def machine_words(study: StudyResult) -> str:
    """The machine that a study's latencies were measured on."""
    machine = machine_of(study.environment)
    if not machine.processor:
        return t("timing.unknown_machine")
    return t("timing.machine", processor=plain(machine.processor), runtime=plain(machine.runtime))
