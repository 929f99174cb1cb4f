"""Words that several screens need: texts for charts, names of steps, states and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import ceil, floor

from edgeslim import workbench
from edgeslim.errors import Notice
from edgeslim.records import ProgressRecord, RecipeRecord
from edgeslim.report.charts import TEXTS
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.estimate import Estimate
from edgeslim.studies.figures import Figure
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds, TrialResult
from edgeslim.ui import data, i18n
from edgeslim.ui.i18n import Language, error_text, known, plain
from edgeslim.ui.state import language, t


def words() -> StudyWords:
    """The words of a study in the screen's language, as Markdown."""
    return _words(language())


@cache
def _words(language: Language) -> StudyWords:
    """Asked for with every name of a long list."""
    return StudyWords(language, workbench.step_amounts())


def chart_texts(runtimes: Iterable[str] = ()) -> Mapping[str, str]:
    """What charts write, all figures among it, those in other runtimes too."""
    return words().chart(TEXTS, runtimes)


def named(kind: str, name: str) -> str:
    """What the core calls `name`, in words (`<kind>.<name>`); a name without words stands for itself."""
    key = f"{kind}.{name}"
    return t(key) if known(language(), key) else name


def family_name(family: str) -> str:
    """'YOLOX'; what nobody has recognised is unknown."""
    return named("family", family)


def figure_name(name: str) -> str:
    """A figure, or the metric of that name, in words."""
    return i18n.figure_name(language(), name)


def short_name(name: str) -> str:
    """A figure in few words, where there are such."""
    return words().short(name)


def column_name(figure: Figure) -> str:
    """The head of a table's column: shorter where there are words for that, and with its unit."""
    return words().column(figure)


def limit_label(figure: Figure) -> str:
    """What a field asks that takes a limit: 'Download at most (KB)'."""
    key = f"budget.{figure.name}"
    if known(language(), key):
        return t(key)
    return t("budget.at_most" if figure.cost else "budget.at_least", figure=column_name(figure))


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
    return words().titled(study)


def trial_title(trial: TrialResult) -> str:
    """The recipe's title, and a seed other than the usual one. What is no trial of the study has its own."""
    return words().title(trial)


def recipe_title(recipe: RecipeRecord) -> str:
    """The recipe's name, else its steps; names that presets give are in the screen's language."""
    return words().recipe(recipe)


def numbered(trial: TrialResult) -> str:
    return words().numbered(trial)


def recipe_words(recipe: RecipeRecord) -> str:
    """The steps in order, as Markdown."""
    return words().steps(recipe)


def change_words(change: float | None, interval: Bounds | None) -> str:
    """'−0.8 points (95 %: −1.4 … −0.2)'."""
    return words().change(change, interval)


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


def class_list(labels: Sequence[str], most: int = 6) -> str:
    """The first of some classes, as Markdown."""
    named = t("choice.list").join(class_name(label) for label in labels[:most])
    return plain(named) + (" …" if len(labels) > most else "")


def state_words(state: str) -> str:
    return t(f"state.{state}")


def progress_words(now: ProgressRecord) -> str:
    """What a job is doing: its code in words, a step's code by the step's name; of a wait, for whom and how long."""
    key = f"progress.{now.message}"
    if not known(language(), key):
        return step_name(now.message)
    who = plain(now.who) if now.who else t("progress.another_process")
    return t(key, who=who, done=now.done, total=now.total)


def notice_words(notice: Notice) -> str:
    """A warning about data or a file."""
    return error_text(language(), notice)


def machine_words(study: StudyResult) -> str:
    """The machine that a study's latencies were measured on."""
    return words().machine(study)
