"""`edgeslim train`: a detector of one's own, or a sample model again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from edgeslim.cli.common import Arguments, add, positive, progress, tell
from edgeslim.errors import RecipeError
from edgeslim.units import format_clock
from edgeslim.workbench.own_detector import EPOCHS, SIDE, DetectorSize, Start


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
    command.add_argument("--size", choices=get_args(DetectorSize), default="medium", help="default: medium")
    command.add_argument(
        "--start",
        choices=get_args(Start),
        default="street-signs",
        help="weights to begin with (default: street-signs)",
    )
    command.add_argument(
        "--side", type=positive, default=SIDE, help=f"longer side of the input (default: {SIDE} pixels)"
    )
    command.add_argument(
        "--epochs", type=positive, help=f"default: {EPOCHS}; a sample's: as its manifest says"
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--threads", type=positive, default=1)
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="of a sample; default: the samples that come with EdgeSlim"
    )


def _train(given: Arguments) -> None:
    if (given.data is None) == (given.sample is None) or (given.data is None) != (given.name is None):
        raise RecipeError(
            "what_to_train",
            "It is not clear what to train.",
            "Give --data and --name for a detector of your own, or the name of a sample model alone.",
        )
    if given.data is None:
        _sample(given)
    else:
        _own(given)


def _own(given: Arguments) -> None:
    from edgeslim.workbench.own_detector import train_detector

    found = train_detector(
        given.data,
        given.name,
        size=given.size,
        start=given.start,
        epochs=given.epochs or EPOCHS,
        side=given.side,
        seed=given.seed,
        threads=given.threads,
        store=given.store,
        progress=progress(given),
    )
    figures = ", ".join(
        f"{name} {value:.3f}" for name, value in found.metrics.items() if isinstance(value, float)
    )
    tell(
        given,
        found,
        lambda: (
            f"{found.model.name}: {figures}\n{found.trained_on} images to learn from, {found.validated_on} to score on "
            f"({found.split}); {found.epochs:g} epochs in {format_clock(round(found.seconds))}"
        ),
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
