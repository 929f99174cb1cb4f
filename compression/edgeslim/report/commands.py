"""What a screen shows, as a command for a shell and as a call in Python that give the same."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from edgeslim.report.settings import ReportSettings
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, Figure


def limit_options(budget: Budget) -> list[str]:
    """'--budget download=150000', one for each limit."""
    return [
        part for name, limit in budget for part in ("--budget", f"{name}={_amount(FIGURES.get(name), limit)}")
    ]


def _amount(figure: Figure, limit: float) -> str:
    """As the shell reads it: bytes and counts whole, points lost as shown, shares of quality as stored."""
    kind = figure.kind
    if kind.scale < 1:
        return f"{round(limit)}"
    shown = limit * kind.scale if figure.cost or kind.scale != 100 else limit
    return f"{round(shown, 9):.12g}"


def choose_command(study: str, budget: Budget) -> str:
    return _shell(["edgeslim", "study", "choose", study, *limit_options(budget)])


def choose_python(study: str, budget: Budget) -> str:
    """`found` is a studies.choice.Choice."""
    limits = ", ".join(f"{_keyword(name)}{limit!r}" for name, limit in budget)
    given = (
        f"Budget.of({limits})"
        if all("." not in name for name, _ in budget)
        else f"Budget.of(**{dict(budget)!r})"
    )
    return (
        "from edgeslim import workbench\n"
        "from edgeslim.studies.budget import Budget\n\n"
        f"found = workbench.choose_trial({study!r}, {given})\n"
        "print(found.pick, found.runner_up)\n"
    )


def report_command(study: str, settings: ReportSettings, own_timing: bool = False) -> str:
    options = ["--language", settings.language] if settings.language != "en" else []
    options += limit_options(settings.budget) or ["--no-budget"]
    options += [] if settings.trial is None else ["--trial", str(settings.trial)]
    options += ["--short"] * settings.short
    options += ["--own-timing"] * own_timing
    return _shell(["edgeslim", "report", study, "--out", f"{study}.html", *options])


def compress_command(model: str, dataset: str, recipe: str) -> str:
    return _shell(
        ["edgeslim", "compress", "--model", model, "--data", dataset, "--recipe", recipe, "--out", "files"]
    )


def _keyword(name: str) -> str:
    return f"{name}="


def _shell(words: Sequence[str]) -> str:
    return shlex.join(words)
