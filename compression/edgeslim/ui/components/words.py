"""Words that several screens need: texts for charts, names of steps, states and parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edgeslim.report.charts import TEXTS
from edgeslim.report.units import format_change, format_interval
from edgeslim.ui import data
from edgeslim.ui.i18n import error_text, known, plain
from edgeslim.ui.state import language, t


def chart_texts() -> Mapping[str, str]:
    return {key: t(key) for key in TEXTS}


def named(kind: str, name: str) -> str:
    """What the core calls `name`, in words (`<kind>.<name>`); a name without words stands for itself."""
    key = f"{kind}.{name}"
    return t(key) if known(language(), key) else name


def step_name(step: str) -> str:
    return named("step", step)


def trial_title(trial: Mapping[str, Any]) -> str:
    """The recipe's name, else its steps; names that presets give are in the screen's language.

    A seed other than the usual one is named too.
    """
    title, seed = recipe_title(trial["recipe"]), trial["recipe"].get("seed")
    return t("trial.seed", title=title, seed=seed) if seed else title


def recipe_title(recipe: Mapping[str, Any]) -> str:
    name = recipe.get("name")
    if name:
        parts = [_preset_words(part) for part in name.split(" + ")]
        return " + ".join(part or "" for part in parts) if all(parts) else str(name)
    return " + ".join(_step_title(step) for step in recipe["steps"]) or t("trial.original")


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


def numbered(trial: Mapping[str, Any]) -> str:
    return f"#{trial['number']} {trial_title(trial)}"


def recipe_words(recipe: Mapping[str, Any]) -> str:
    """The steps in order, as Markdown."""
    steps = [plain(step_name(step["step"])) for step in recipe["steps"]]
    return " → ".join(steps) if steps else t("trial.original")


def change_words(change: float | None, interval: tuple[float, float] | None) -> str:
    """'−0.8 points (95 %: −1.4 … −0.2)'."""
    if change is None:
        return t("change.unknown")
    if interval is None:
        return t("change.points", change=format_change(change))
    return t("change.interval", change=format_change(change), interval=format_interval(interval, signed=True))


def state_words(state: str) -> str:
    return t(f"state.{state}")


def progress_words(now: Mapping[str, Any]) -> str:
    """What a job is doing: its code in words, a step's code by the step's name; of a wait, for whom and how long."""
    key = f"progress.{now['message']}"
    if not known(language(), key):
        return step_name(now["message"])
    who = plain(now["who"]) if now.get("who") else t("progress.another_process")
    return t(key, who=who, done=now["done"], total=now["total"])


def notice_words(notice: Mapping[str, Any]) -> str:
    """A warning about data (`code`, `text`, `values`): translated by its code, else its own English words."""
    error = {"code": notice["code"], "problem": notice["text"], "remedy": "", "values": notice["values"]}
    return error_text(language(), error, prefix="notice")
