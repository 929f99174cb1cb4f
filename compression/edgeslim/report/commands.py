"""What a screen shows, as a command for a shell and as a call in Python that give the same."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from edgeslim.report.settings import ReportSettings
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import DEFAULT_OBJECTIVES, StudyPlan


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


def choose_command(study: str, settings: ReportSettings) -> str:
    """Prints which file to take, and the runner-up."""
    asked = ["edgeslim", "study", "choose", study, *(limit_options(settings.budget) or ["--no-budget"])]
    return shlex.join([*asked, *["--own-timing"] * settings.own_timing])


def choose_python(study: str, settings: ReportSettings) -> str:
    """The same in Python: under limits `found` is a studies.choice.Choice, else a number."""
    own = ", own_timing=True" if settings.own_timing else ""
    if not settings.budget:
        return (
            "from edgeslim import workbench\n\n"
            f"found = workbench.recommended_trial({study!r}{own})\nprint(found)\n"
        )
    return (
        "from edgeslim import workbench\n"
        "from edgeslim.studies.budget import Budget\n\n"
        f"found = workbench.choose_trial({study!r}, Budget.of(**{dict(settings.budget)!r}){own})\n"
        "print(found.pick, found.runner_up)\n"
    )


def report_file(study: str, settings: ReportSettings) -> str:
    """What a report is called where it is saved."""
    return f"{study}{'-short' * settings.short}.html"


def report_command(study: str, settings: ReportSettings) -> str:
    options = ["--language", settings.language] if settings.language != "en" else []
    options += limit_options(settings.budget) or ["--no-budget"]
    options += [] if settings.trial is None else ["--trial", str(settings.trial)]
    options += ["--short"] * settings.short + ["--own-timing"] * settings.own_timing
    return shlex.join(["edgeslim", "report", study, "--out", report_file(study, settings), *options])


def compress_command(model: str, dataset: str, recipe: str) -> str:
    asked = ["edgeslim", "compress", "--model", model, "--data", dataset, "--recipe", recipe]
    return shlex.join([*asked, "--out", "files"])


@dataclass(frozen=True, slots=True)
class ComparedFiles:
    """Two files of a study on the images that it scores them on; `held_out` is the share that it leaves out."""

    study: str
    model: str
    dataset: str
    numbers: tuple[int, int]
    threshold: float
    held_out: float = 0.0
    limit: int | None = None

    @property
    def files(self) -> tuple[str, str]:
        first, second = (f"{self.study}-{number}.onnx" for number in self.numbers)
        return first, second


def errors_command(asked: ComparedFiles) -> str:
    """Saves both files, and tells what each of them gets wrong, and how sure it is."""
    lines = [
        ["edgeslim", "study", "save", asked.study, str(number), "--to", file]
        for number, file in zip(asked.numbers, asked.files, strict=True)
    ]
    tell = ["edgeslim", "errors", *asked.files, "--model", asked.model, "--data", asked.dataset]
    tell += ["--threshold", f"{asked.threshold:g}"]
    tell += ["--held-out", f"{asked.held_out:g}"] if asked.held_out else []
    tell += ["--limit", str(asked.limit)] if asked.limit is not None else []
    return "\n".join(shlex.join(line) for line in (*lines, tell))


def errors_python(asked: ComparedFiles) -> str:
    """The same in Python, of files that were saved."""
    options = [f"threshold={asked.threshold:g}"]
    options += [f"held_out={asked.held_out:g}"] if asked.held_out else []
    options += [f"limit={asked.limit}"] if asked.limit is not None else []
    given = ", ".join([*(repr(each) for each in (*asked.files, asked.model, asked.dataset)), *options])
    return f"from edgeslim import workbench\n\nfound = workbench.compare_errors({given})\nprint(found.mistakes)\n"


def run_command(plan: StudyPlan, search: SearchRun | None = None, recipes: str | None = None) -> str:
    """Starts the study of a plan; `recipes` names the file that holds them, where they are no preset's.

    Classes matched by hand, and a search that begins with no preset, have no option there.
    """
    asked = ["edgeslim", "study", "run", "--model", plan.model, "--data", plan.dataset]
    usual = StudyPlan(model="", dataset="")
    for option, name in _OPTIONS.items():
        value = getattr(plan, name)
        if value != getattr(usual, name):
            asked += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    if search is not None and plan.preset is None and search.preset != SearchRun(trials=1).preset:
        asked += ["--preset", str(search.preset)]
    for runtime in plan.runtimes:
        asked += ["--runtime", runtime] if runtime not in usual.runtimes else []
    if recipes is not None:
        asked += ["--recipes", recipes]
    if plan.objectives != DEFAULT_OBJECTIVES:
        asked += [part for name in plan.objectives for part in ("--objective", name)]
    asked += limit_options(plan.budget)
    return shlex.join(asked if search is None else [*asked, *_search_options(search)])


_OPTIONS = {
    "--calibration": "calibration", "--name": "name", "--preset": "preset", "--limit": "limit",
    "--workers": "workers", "--seeds": "seeds", "--held-out": "held_out", "--minutes": "minutes",
    "--trial-minutes": "trial_minutes", "--trial-memory": "trial_memory", "--cluster": "cluster",
}  # fmt: skip


def _search_options(search: SearchRun) -> list[str]:
    asked = ["--search", search.sampler]
    for option, value in (
        ("--minutes", search.minutes),
        ("--trials", search.trials),
        ("--patience", search.patience),
    ):
        asked += [] if value is None else [option, f"{value:g}"]
    asked += [] if search.multi_fidelity else ["--no-multi-fidelity"]
    return [*asked, *(["--seed", str(search.seed)] if search.seed else [])]
