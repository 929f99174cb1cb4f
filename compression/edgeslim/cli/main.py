"""All commands, and what becomes of their errors."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import edgeslim
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli import analyse, learn, report, store, study, train
from edgeslim.cli.common import (
    Arguments,
    add,
    classes,
    clear_line,
    positive,
    print_json,
    progress,
    spec,
    tell,
    with_common,
    with_data,
    with_runtimes,
)
from edgeslim.cli.device import add_bundle, add_device_commands
from edgeslim.cli.doctor import add_doctor
from edgeslim.cli.lacking import how_to_give, tell_former
from edgeslim.cli.live import add_browser_runtime
from edgeslim.cli.models import add_import
from edgeslim.errors import EdgeSlimError
from edgeslim.report.preprocessing import preprocessing_table
from edgeslim.report.text import table, trial_lines
from edgeslim.studies.study import StudyPlan
from edgeslim.units import format_bytes, format_count
from edgeslim.workbench.datasets import DatasetInfo

if TYPE_CHECKING:
    from edgeslim.steps.base import StepInfo

USER_ERROR = 2
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files need not be text. What cannot be printed appears as `\udc80`, which JSON reads too.
            stream.reconfigure(errors="backslashreplace")
    given = _parser().parse_args(arguments, argparse.Namespace(json=False, store=None, storage=None))
    given.store = Store(given.store, given.storage)
    try:
        code: int | None = given.command(given)
    except EdgeSlimError as error:
        clear_line()
        print(f"error: {error}", file=sys.stderr)
        if given.json:
            print_json({"error": error.record()})
        return USER_ERROR
    except KeyboardInterrupt:
        clear_line()
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has stopped; nothing more can be told, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    return code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edgeslim", description=edgeslim.__doc__)
    with_common(parser)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add(commands, "models", _models, "list the models")
    command = add(commands, "datasets", _datasets, "list the datasets, or tell what is in one")
    command.add_argument("data", nargs="?", metavar="DATA", help="a listed dataset, or the path of one")
    add(commands, "steps", _steps, "list the steps with their parameters and bounds")
    with_data(add(commands, "presets", _presets, "list the recipe lists that fit a model and data"))
    add_import(commands)
    command = add(
        commands, "preprocessing", _preprocessing, "try the usual ways to prepare images, on a few of them"
    )
    with_data(command, calibration=False, limit=False)
    command.add_argument("--images", type=positive, metavar="N", help="on so many images (default: 48)")
    command = add(commands, "evaluate", _evaluate, "measure a model as it is")
    with_runtimes(with_data(command, calibration=False, classes=True))
    command = with_data(
        add(commands, "compress", _compress, "make and measure the files of recipes"), classes=True
    )
    with_runtimes(command)
    command.add_argument("--recipe", type=Path, required=True, metavar="R.json", help="a recipe, or a list")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the files go")
    train.add_commands(commands)
    analyse.add_commands(commands)
    report.add_commands(commands)
    add_browser_runtime(commands)
    add_doctor(commands)
    add_bundle(commands)
    group = commands.add_parser("device", help="what was measured on devices of one's own")
    add_device_commands(group.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    group = commands.add_parser("study", help="run, watch and mend studies")
    study.add_commands(group.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    group = commands.add_parser("learn", help="the course: prepare its lessons, run an experiment")
    learn.add_commands(group.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    group = commands.add_parser("store", help="look after the data folder")
    store.add_commands(group.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    return parser


def _models(given: Arguments) -> None:
    found = list(workbench.list_models(given.store))
    headers = ["name", "origin", "task", "family", "input", "params", "file", "ready"]
    rows = [
        [
            model.name,
            model.origin,
            model.task,
            model.family,
            f"{model.input_width}x{model.input_height}",
            format_count(model.params),
            format_bytes(model.bytes),
            "yes" if model.ready else "download first",
        ]
        for model in found
    ]
    tell(given, found, lambda: table(rows, headers))


def _datasets(given: Arguments) -> None:
    if given.data is not None:
        one = workbench.describe_dataset(given.data, given.store, progress(given))
        tell(given, one, lambda: _dataset_lines(one))
        return
    found = workbench.list_datasets(given.store)
    rows = [[data.name, data.origin, data.task, len(data.labels), _counts(data.sizes)] for data in found]
    tell(given, found, lambda: table(rows, ["name", "origin", "task", "classes", "images"]))


def _dataset_lines(data: DatasetInfo) -> str:
    labels = ", ".join(data.labels) or "no classes"
    notices = [str(notice) for notice in data.warnings]
    return "\n".join([f"{data.name}: {data.task}, {_counts(data.sizes)}", labels, *notices])


def _steps(given: Arguments) -> None:
    found = workbench.list_steps()
    tell(given, found, lambda: "\n\n".join(_step_lines(step) for step in found))


def _step_lines(step: StepInfo) -> str:
    rows = []
    for each in step.parameters:
        values = ", ".join(each.choices or ("true", "false"))
        if each.low is not None:
            values = f"{each.low} … {each.high}"
        default = json.dumps(each.default).strip('"')
        rows.append(["  ", each.name, default, values, each.unit, each.help])
    heading = f"{step.name} ({step.group}): {step.summary}"
    return (
        f"{heading}\n{table(rows, ['  ', 'parameter', 'default', 'values', 'unit', ''])}" if rows else heading
    )


def _presets(given: Arguments) -> None:
    found = workbench.list_presets(
        given.model, given.data, given.calibration, spec=spec(given), store=given.store
    )
    rows = [
        [preset.name, recipe.title, ", ".join(step.name for step in recipe.steps)]
        for preset in found
        for recipe in preset.recipes
    ]
    told = [
        {
            "name": preset.name,
            "recipes": [{**recipe.to_json(), "title": recipe.title} for recipe in preset.recipes],
            "left_out": preset.left_out,
        }
        for preset in found
    ]
    left_out = [
        f"{preset.name} leaves out '{each.title}': missing {', '.join(each.needs)}"
        for preset in found
        for each in preset.left_out
    ]
    needs = {need for preset in found for each in preset.left_out for need in each.needs}
    said = [*left_out, *how_to_give(needs)]
    tell(given, told, lambda: "\n".join([table(rows, ["preset", "recipe", "steps"]), *said]))


def _preprocessing(given: Arguments) -> None:
    found = workbench.try_preprocessing(
        given.model,
        given.data,
        spec=spec(given),
        images=given.images,
        store=given.store,
        progress=progress(given),
    )
    tell(given, found, lambda: preprocessing_table(found))


def _evaluate(given: Arguments) -> None:
    trial = workbench.evaluate_model(
        given.model,
        given.data,
        spec=spec(given),
        classes=classes(given),
        limit=given.limit,
        runtimes=given.runtimes,
        store=given.store,
        progress=progress(given),
    )
    tell(given, trial, lambda: trial_lines(trial))


def _compress(given: Arguments) -> None:
    recipes = workbench.read_recipes(given.recipe)
    tell_former(given, StudyPlan(model=given.model, dataset=given.data, spec=spec(given)), recipes)
    trials = workbench.compress(
        given.model,
        given.data,
        recipes,
        given.out,
        calibration=given.calibration,
        spec=spec(given),
        classes=classes(given),
        limit=given.limit,
        runtimes=given.runtimes,
        store=given.store,
        progress=progress(given),
    )
    told = trials[0] if len(trials) == 1 else trials
    tell(given, told, lambda: "\n\n".join(trial_lines(trial) for trial in trials))


def _counts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{split} {count}" for split, count in sizes.items())
