"""What a study has found, as the title of its page."""

from __future__ import annotations

from edgeslim.report.info import headline, worth_it
from edgeslim.studies.choice import Choice
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import figure_name
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import format_change, format_factor


def recommended(study: StudyResult) -> int | None:
    """The file to take where no limit is set: what saves most and surely loses little. None before the original is."""
    original = study.original
    return data.once(worth_it, study) if original is not None and original.measured else None


def finding(study: StudyResult, choice: Choice | None) -> str:
    """'6.5× smaller at −0.4 points of mAP': of the pick, without a budget of the recommended file.

    The study's name where nothing is known yet.
    """
    if choice is not None and choice.pick is None and study.state == "complete":
        return t("front.nothing_fits")
    number = choice.pick if choice is not None else recommended(study)
    if choice is not None and number == study.baseline:
        return t("front.original_fits")
    found = None if number is None else headline(study, number)
    trial = study.trial(number)
    if found is None or trial is None:
        return plain(study.name)
    size = "smaller" if found.smaller >= 1 else "larger"
    factor = found.smaller if found.smaller >= 1 else 1 / found.smaller
    words = t(f"headline.{size}", times=format_factor(factor).rstrip("×"))
    metric = figure_name(trial.primary_metric or "")
    if found.like_original:
        words = t("front.no_loss", saved=words, metric=metric)
    elif found.change is not None:
        words = t("front.at_loss", saved=words, points=format_change(found.change), metric=metric)
    return words if study.state == "complete" else t("front.so_far", finding=words)
