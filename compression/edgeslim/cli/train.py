"""`edgeslim train`: a detector of one's own, or a sample model again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from edgeslim.cli.common import Arguments, add, positive, progress, tell
from edgeslim.errors import RecipeError
from edgeslim.records import FormerData
from edgeslim.units import format_clock, format_interval, format_names
from edgeslim.workbench.own_detector import (
    EPOCHS,
    NOTHING,
    PATIENCE,
    SIDE,
    STREET_SIGNS,
    DetectorSize,
    TrainingRun,
)


def add_commands(commands: Any) -> None:
    command = add(
        commands,
        "train",
        _train,
        "train a detector on your own pictures, or a sample model; a broken-off run goes on",
    )
    command.add_argument("sample", nargs="?", metavar="SAMPLE", help="a sample model's name, without --data")
    command.add_argument(
        "--data", metavar="DATA", help="labelled pictures: a folder or file in COCO, YOLO or VOC format"
    )
    command.add_argument("--name", metavar="NAME", help="name of the new model in the library (with --data)")
    command.add_argument(
        "--from",
        dest="model",
        metavar="MODEL",
        help="a model to adapt: its class layers are rebuilt for the data's classes, all else goes on from its weights",
    )
    command.add_argument("--size", choices=get_args(DetectorSize), help="without --from (default: medium)")
    command.add_argument(
        "--start",
        choices=(STREET_SIGNS, NOTHING),
        help=f"weights to begin with, without --from (default: {STREET_SIGNS})",
    )
    command.add_argument(
        "--side", type=positive, help=f"longer side of the input, without --from (default: {SIDE} pixels)"
    )
    command.add_argument(
        "--epochs", type=positive, help=f"default: {EPOCHS}; a sample's: as its manifest says"
    )
    command.add_argument(
        "--patience",
        type=positive,
        default=PATIENCE,
        metavar="N",
        help=f"end after N epochs that were no better, with --data (default: {PATIENCE})",
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--threads", type=positive, default=1)
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="of a sample; default: the samples that come with EdgeSlim"
    )


def _train(given: Arguments) -> None:
    if (given.data is None) == (given.sample is None) or (given.data is None) != (given.name is None):
        raise RecipeError("what_to_train")
    if given.data is None:
        _sample(given)
    else:
        _own(given)


def _own(given: Arguments) -> None:
    from edgeslim.workbench.own_detector import train_detector, training_plan

    shape = {"size": given.size, "side": given.side, "start": given.start}
    if given.model is not None and any(value is not None for value in shape.values()):
        raise RecipeError("shape_of_adapted")
    start = shape if given.model is None else {"start": given.model}
    plan = training_plan(
        given.data,
        given.name,
        epochs=given.epochs or EPOCHS,
        patience=given.patience,
        seed=given.seed,
        store=given.store,
        **{name: value for name, value in start.items() if value is not None},
    )
    found = train_detector(plan, given.store, threads=given.threads, progress=progress(given))
    tell(given, found, lambda: run_lines(found))


def run_lines(run: TrainingRun) -> str:
    """What came out, in words."""
    figures = ", ".join(f"{name} {value:.3f}" for name, value in (run.metrics or {}).items())
    last, best = run.epochs[-1], run.best
    assert best is not None, "it has ended"
    ended = {"early": "ended early, nothing got better", "stopped": "stopped"}.get(run.state, "complete")
    lines = [
        f"{run.plan.name}: {figures} on {run.validated} images",
        f"{run.taught} images to learn from, {run.watched} to choose the best epoch on; "
        f"{last.number:g} epochs in {format_clock(round(last.seconds))} ({ended}), kept: epoch {best.number:g}",
    ]
    if run.kept:
        lines.append(f"classes whose weights went on: {', '.join(run.kept)}")
    if run.forgotten:
        shown = format_names(run.forgotten)
        lines.append(f"{len(run.forgotten)} classes of '{run.plan.start}' are not in the new model: {shown}")
    if run.former is not None:
        former = run.former
        lines.append(
            f"on '{former.dataset}', which '{run.plan.start}' had learnt from, mAP of {', '.join(former.classes)}: "
            f"{former.before:.3f} before, {former.after:.3f} now ({_change(former)}{former.images} images)"
        )
    return "\n".join(lines)


def _change(former: FormerData) -> str:
    interval = former.change_ci95
    return (
        "" if interval is None else f"95 % interval of the change: {format_interval(interval, True)} points; "
    )


def _sample(given: Arguments) -> None:
    from edgeslim.workbench.training import train_sample

    folder = {} if given.out is None else {"folder": given.out}
    entry = train_sample(
        given.sample,
        epochs=given.epochs,
        seed=given.seed,
        threads=given.threads,
        store=given.store,
        progress=progress(given),
        **folder,
    )
    figures = ", ".join(f"{name} {value}" for name, value in entry.metrics.items())
    tell(given, entry, lambda: f"{entry.file}: {figures}")
