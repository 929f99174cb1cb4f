"""`xray`, `sensitivity`, `ablate`, `errors`: looking into a model, and into a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.cli.common import Arguments, add, positive, progress, spec, tell, with_data, with_threshold
from edgeslim.errors import RecipeError
from edgeslim.records import encoded
from edgeslim.report.analysis_text import ablation_text, sensitivity_text, xray_texts
from edgeslim.report.error_text import error_texts


def add_commands(commands: Any) -> None:
    command = with_data(
        add(commands, "xray", _xray, "show what in a model's layers is redundant, and what that promises"),
        limit=False,
    )
    command.add_argument("--bits", type=_bits, default=8, metavar="B", help="entropy at so many bits (1–16)")
    command.add_argument("--images", type=positive, default=8, metavar="N", help="calibration images")
    command.add_argument(
        "--score", action="store_true", help="measure every layer's sensitivity, and score the predictions"
    )
    command.add_argument("--study", metavar="NAME", help="score the predictions against this study's trials")
    command = with_data(
        add(commands, "sensitivity", _sensitivity, "measure how much each layer minds each technique"),
        limit=False,
    )
    command.add_argument(
        "--technique", type=_technique, action="append", metavar="NAME[=S,S]",
        help="one technique, perhaps at these strengths; may be repeated (default: all)",
    )  # fmt: skip
    command.add_argument("--labels", action="store_true", help="by accuracy on labelled validation images")
    command.add_argument("--images", type=positive, metavar="N", help="default: 8, with labels 32")
    command = with_data(
        add(
            commands,
            "ablate",
            _ablate,
            "measure a recipe after each stage, without each, and in other orders",
        )
    )
    command.add_argument("--recipe", type=Path, required=True, metavar="R.json", help="one recipe")
    command.add_argument(
        "--orders", type=_count, metavar="N", help="other orders to measure, at most (default: 6)"
    )
    command = with_data(
        add(commands, "errors", _errors, "show what two files get wrong, and how sure they are"),
        calibration=False,
    )
    command.add_argument("files", type=Path, nargs=2, metavar="F.onnx", help="two files, as --model is read")
    command.add_argument(
        "--held-out",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="leave out this share of the images, as a study does",
    )
    with_threshold(command)


def _errors(given: Arguments) -> None:
    found = workbench.compare_errors(
        given.files[0],
        given.files[1],
        given.model,
        given.data,
        threshold=given.threshold,
        spec=spec(given),
        limit=given.limit,
        held_out=given.held_out,
        store=given.store,
        progress=progress(given),
    )
    tell(given, found, lambda: "\n\n".join(error_texts(found.mistakes, found.confidence, found.parts)))


def _bits(text: str) -> int:
    value = positive(text)
    if value > 16:
        raise argparse.ArgumentTypeError(f"must be at most 16, got {value} instead")
    return value


def _count(text: str) -> int:
    return 0 if text == "0" else positive(text)


def _technique(text: str) -> tuple[str, tuple[float, ...]]:
    name, _, strengths = text.partition("=")
    return name, tuple(float(each) for each in strengths.split(",") if each)


def _xray(given: Arguments) -> None:
    common = {
        "calibration": given.calibration,
        "spec": spec(given),
        "images": given.images,
        "store": given.store,
        "progress": progress(given),
    }
    found = workbench.xray(given.model, given.data, bits=given.bits, **common)
    scores = None
    if given.score or given.study:
        trials = workbench.study_result(given.study, given.store).trials if given.study else None
        scores = workbench.score_predictions(given.model, given.data, trials=trials, **common)
    told = found if scores is None else {**encoded(found), "scores": scores}
    tell(given, told, lambda: "\n\n".join(xray_texts(found, scores)))


def _sensitivity(given: Arguments) -> None:
    techniques = None if given.technique is None else dict(given.technique)
    found = workbench.layer_sensitivity(
        given.model,
        given.data,
        techniques=techniques,
        labels=given.labels,
        images=given.images,
        calibration=given.calibration,
        spec=spec(given),
        store=given.store,
        progress=progress(given),
    )
    tell(given, found, lambda: sensitivity_text(found))


def _ablate(given: Arguments) -> None:
    recipes = workbench.read_recipes(given.recipe)
    if len(recipes) != 1:
        raise RecipeError("one_recipe", file=given.recipe, count=len(recipes))
    found = workbench.ablate(
        given.model,
        given.data,
        recipes[0],
        orders=given.orders,
        calibration=given.calibration,
        spec=spec(given),
        limit=given.limit,
        store=given.store,
        progress=progress(given),
    )
    tell(given, found, lambda: ablation_text(found))
