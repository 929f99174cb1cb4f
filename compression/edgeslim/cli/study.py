"""`study …`: run recipes, watch them, and what became of them."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import write_atomically
from edgeslim.cli.common import (
    Arguments,
    add,
    classes,
    clear_line,
    positive,
    progress,
    spec,
    tell,
    with_data,
    with_limits,
    with_runtimes,
)
from edgeslim.cli.doctor import add_study_doctor
from edgeslim.cli.errands import add_errands
from edgeslim.cli.lacking import tell_former, tell_lacking
from edgeslim.cli.notes import add_note_commands, note_lines
from edgeslim.cli.report import add_choose
from edgeslim.cli.search import add_search, add_stop_rules, read_budget, search_run
from edgeslim.cli.watching import Watcher
from edgeslim.errors import EdgeSlimError, StudyError
from edgeslim.report.certainty import certainty_lines, comparison_lines
from edgeslim.report.choice import choice_lines
from edgeslim.report.document import study_csv, study_json
from edgeslim.report.pointless import pointless_lines
from edgeslim.report.text import study_table, table
from edgeslim.studies.folders import study_folder
from edgeslim.studies.search_run import SAMPLERS
from edgeslim.studies.study import DEFAULT_OBJECTIVES, StudyPlan, StudyResult

RECIPES_FAILED = 1
"""The exit code of a study that is through, but for recipes that failed."""
_WATCH_SECONDS = 0.3
_PLANNED = (
    "calibration", "name", "preset", "limit", "workers", "seeds", "held_out", "minutes", "trial_minutes", "trial_memory",
    "cluster", "runtimes",
)  # fmt: skip
"""Options that are called as the plan calls them, which knows what they are by default."""


def add_commands(commands: Any) -> None:
    command = with_data(
        add(commands, "run", _study_run, "run recipes and show the front; Ctrl-C cancels"), classes=True
    )
    recipes = command.add_mutually_exclusive_group()
    recipes.add_argument(
        "--preset", metavar="NAME", help="a ready-made list of recipes; a search begins with it"
    )
    recipes.add_argument("--recipes", type=Path, metavar="FILE", help="a JSON list of recipes")
    command.add_argument("--workers", type=positive, help="processes (default: one for each core)")
    _add_cluster(command)
    command.add_argument("--seeds", type=positive, metavar="K", help="run every recipe with K seeds")
    command.add_argument(
        "--held-out",
        type=float,
        metavar="SHARE",
        help="share of the validation images that nothing is chosen by (default: 0.25 of enough images; 0: none)",
    )
    with_limits(command)
    with_runtimes(command)
    command.add_argument("--name", help="the study's name (default: made of model, preset and date)")
    add_search(command)
    command = with_limits(add(commands, "retry", _study_retry, "try a study's failed recipes again"))
    command.add_argument("name", metavar="NAME")
    command = add(commands, "improve", _study_improve, "search on in a study, from its own results")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--search", choices=SAMPLERS, help="another search than before")
    add_stop_rules(command)
    command = add(commands, "add", _study_add, "add recipes to a study, and run them")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--recipes", type=Path, required=True, metavar="FILE", help="a JSON list of recipes")
    add(commands, "list", _study_list, "list the studies")
    for name, run, words in (
        ("show", _study_show, "show a study's trials"),
        ("pause", _study_pause, "let a running study finish what it works on, and stop"),
        ("cancel", _study_cancel, "stop a running study at once"),
        ("check", _study_check, "check that a study's files are what was measured"),
    ):
        add(commands, name, run, words).add_argument("name", metavar="NAME")
    command = add(commands, "delete", _study_delete, "forget a study")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--force", action="store_true", help="even if its database cannot be used")
    command = add(commands, "resume", _study_resume, "go on with a study")
    command.add_argument("name", metavar="NAME")
    _add_cluster(command)
    command = add(commands, "compare", _study_compare, "say whether two trials can be told apart")
    command.add_argument("name", metavar="NAME")
    command.add_argument("first", type=int, metavar="A", help="number of a trial")
    command.add_argument("second", type=int, metavar="B")
    add_choose(commands)
    command = add(commands, "export", _study_export, "write a study as CSV or JSON")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--csv", action="store_true", help="CSV instead of JSON")
    command.add_argument("--to", type=Path, metavar="FILE", help="where to (default: standard output)")
    command = add(commands, "publish", _study_publish, "write a study and its front's files into a folder")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--to", type=Path, required=True, metavar="DIR")
    command.add_argument(
        "--also", type=int, nargs="+", default=(), metavar="N", help="the files of these trials too"
    )
    command.add_argument(
        "--timed-here", action="store_true", help="with the newest timing of this machine (study time)"
    )
    add_errands(commands)
    add_study_doctor(commands)
    add_note_commands(commands)


def _add_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="do the trials on a Dask cluster, such as tcp://10.0.0.5:8786; none: on this machine "
        "(default: where the study was run before, else here)",
    )


def _study_run(given: Arguments) -> int:
    search = search_run(given)
    if search is None and not given.preset and not given.recipes:
        raise StudyError("nothing_to_run")
    asked = {name: getattr(given, name) for name in _PLANNED}
    plan = StudyPlan(
        model=given.model,
        dataset=given.data,
        spec=spec(given),
        classes=classes(given),
        objectives=tuple(given.objective or DEFAULT_OBJECTIVES),
        budget=read_budget(given.budget),
        **{name: value for name, value in asked.items() if value is not None},
    )
    recipes = workbench.read_recipes(given.recipes) if given.recipes else ()
    if plan.name:
        study_folder(given.store, plan.name)  # a name that cannot be is refused before anything is told
    tell_lacking(given, plan, recipes)
    tell_former(given, plan, recipes, searching=search is not None)
    return _watch(given, workbench.start_study(plan, recipes, search, given.store, progress(given)))


def _study_improve(given: Arguments) -> int:
    workbench.improve_study(
        given.name,
        minutes=given.minutes,
        trials=given.trials,
        patience=given.patience,
        sampler=given.search,
        store=given.store,
    )
    return _watch(given, given.name)


def _study_add(given: Arguments) -> int:
    recipes = workbench.read_recipes(given.recipes)
    tell_former(given, workbench.study_plan(given.name, given.store), recipes)
    workbench.extend_study(given.name, recipes, given.store)
    return _watch(given, given.name)


def _study_resume(given: Arguments) -> int:
    workbench.resume_study(given.name, given.store, cluster=given.cluster)
    return _watch(given, given.name)


def _study_retry(given: Arguments) -> int:
    workbench.retry_study(
        given.name, given.store, trial_minutes=given.trial_minutes, trial_memory=given.trial_memory
    )
    return _watch(given, given.name)


def _watch(given: Arguments, name: str) -> int:
    """Show the running study's progress until its end, then its trials. Ctrl-C cancels it."""
    watcher = Watcher(name, given.store)
    try:
        while (status := workbench.study_status(name, given.store)).state == "running":
            if not given.json:
                watcher(status)
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        workbench.cancel_study(name, given.store)
        clear_line()
        print(f"cancelled; go on with: edgeslim study resume {name}", file=sys.stderr)
        raise
    if not given.json:
        watcher(status)
    clear_line()
    if status.error:
        raise EdgeSlimError.of(status.error)
    if status.state not in ("complete", "paused"):
        raise StudyError("study_stopped", name=name, log=status.log)
    study = workbench.study_result(name, given.store)
    _tell_study(given, study)
    failed = status.state == "complete" and any(trial.state == "failed" for trial in study.trials)
    return RECIPES_FAILED if failed else 0


def _study_list(given: Arguments) -> None:
    found = workbench.list_studies(given.store)
    headers = ["name", "state", "model", "dataset", "preset", "created", "done"]
    rows = [
        [*(getattr(study, name) or "" for name in headers[:-1]), f"{study.done}/{study.total}"]
        for study in found
    ]
    tell(given, found, lambda: table(rows, headers))


def _study_show(given: Arguments) -> None:
    _tell_study(given, workbench.study_result(given.name, given.store))


def _tell_study(given: Arguments, study: StudyResult) -> None:
    notes = workbench.trial_notes(study.name, given.store)
    if given.json:
        print(study_json(study, notes), end="")
        return
    print(f"{study.name}: {study.state}, {study.model} on {study.dataset}")
    print(f"{_what_happened(study)}{study_table(study)}")
    print(f"* on the front ({' against '.join(study.objectives)}), o original; accuracy in points")
    print(f"{pointless_lines(study)}{note_lines(notes)}{choice_lines(study)}{certainty_lines(study)}")


def _what_happened(study: StudyResult) -> str:
    """Why a study is not complete and what to do, as a line; nothing where its state says it all."""
    resume = f"Go on with: edgeslim study resume {study.name}"
    if study.error:
        return f"{study.error}\n{resume}\n"
    if study.state == "interrupted":
        return f"Its process ended before its time, killed or with the machine. What is finished stays.\n{resume}\n"
    if study.state in ("cancelled", "paused"):
        return f"What is finished stays.\n{resume}\n"
    return ""


def _study_pause(given: Arguments) -> None:
    workbench.pause_study(given.name, given.store)
    tell(given, {"name": given.name, "state": "pausing"}, lambda: f"pausing {given.name}")


def _study_cancel(given: Arguments) -> None:
    workbench.cancel_study(given.name, given.store)
    tell(given, {"name": given.name, "state": "cancelled"}, lambda: f"cancelled {given.name}")


def _study_delete(given: Arguments) -> None:
    workbench.delete_study(given.name, given.store, force=given.force)
    tell(given, {"name": given.name, "state": "deleted"}, lambda: f"deleted {given.name}")


def _study_check(given: Arguments) -> int:
    found = workbench.check_study(given.name, given.store)
    lines = [f"trial {each.number}: {each.file} is {each.problem}" for each in found]
    tell(given, found, lambda: "\n".join(lines) or "all files are what was measured")
    return 1 if found else 0


def _study_compare(given: Arguments) -> None:
    found = workbench.compare_trials(given.name, given.first, given.second, given.store)
    tell(given, found, lambda: comparison_lines(found))


def _study_export(given: Arguments) -> None:
    study = workbench.study_result(given.name, given.store)
    notes = workbench.trial_notes(given.name, given.store)
    text = study_csv(study, notes) if given.csv else study_json(study, notes)
    if given.to is None:
        print(text, end="")
    else:
        write_atomically(given.to, text.encode())


def _study_publish(given: Arguments) -> None:
    files = workbench.publish_study(
        given.name, given.to, given.store, also=given.also, timed_here=given.timed_here
    )
    tell(given, files, lambda: "\n".join(map(str, files)))
