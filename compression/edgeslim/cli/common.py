"""What commands share: arguments, output for people and for machines, progress."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import HOME_VARIABLE, STORAGE_VARIABLE
from edgeslim.detections import READING_SCORE
from edgeslim.models.base import ModelSpec
from edgeslim.progress import WAITS, Progress
from edgeslim.records import ClassMap, ProgressRecord, encoded, with_messages
from edgeslim.studies.trial import TrialResult
from edgeslim.units import parse_bytes

Arguments = argparse.Namespace


def add(
    commands: Any, name: str, run: Callable[[Arguments], int | None], words: str
) -> argparse.ArgumentParser:
    """Add a command that `run` does; its return value is the exit code, None being 0."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    with_common(command)
    command.set_defaults(command=run)
    return command


def with_common(parser: argparse.ArgumentParser) -> None:
    """What may stand before a command as well as after it. Without a default: the later one must not undo the earlier."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help=f"data folder (default: ${HOME_VARIABLE})",
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        default=argparse.SUPPRESS,
        help=f"a database for new studies (default: ${STORAGE_VARIABLE}, else a file for each)",
    )


def with_data(
    command: argparse.ArgumentParser, calibration: bool = True, limit: bool = True, classes: bool = False
) -> argparse.ArgumentParser:
    """Let the command ask for a model and data."""
    command.add_argument("--model", required=True, metavar="M", help="a model's name, or an .onnx file")
    command.add_argument("--data", required=True, metavar="D", help="a dataset's name, or its file or folder")
    command.add_argument("--spec", type=Path, metavar="SPEC.json", help="how to feed and read the model")
    if classes:
        command.add_argument(
            "--classes",
            type=Path,
            metavar="FILE.json",
            help="which classes of the data are which of the model's, where names do not say so",
        )
    if limit:
        command.add_argument("--limit", type=positive, metavar="N", help="only the first N validation images")
    if calibration:
        command.add_argument(
            "--calibration", metavar="D", help="images to calibrate on (default: the data's)"
        )
    return command


def with_runtimes(command: argparse.ArgumentParser) -> None:
    """Let the command ask for other runtimes than the main one."""
    command.add_argument(
        "--runtime",
        dest="runtimes",
        action="append",
        default=[],
        metavar="NAME",
        help="deliver, score and time files in this runtime too; can be given several times",
    )


def with_limits(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Let the command ask how much a trial may use."""
    command.add_argument("--trial-minutes", type=minutes, metavar="M", help="stop a recipe that takes longer")
    command.add_argument("--trial-memory", type=size, metavar="4GB", help="stop a recipe that needs more")
    return command


def positive(text: str) -> int:
    """A whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value} instead")
    return value


def size(text: str) -> int:
    """Bytes, such as 500MB or 4GB, at least 1."""
    try:
        value = parse_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be like 500MB or 4GB, got '{text}' instead") from error
    return positive(str(value))


def minutes(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0, got {text} instead")
    return value


def spec(given: Arguments) -> ModelSpec | None:
    """The specification in the file given with --spec. Raises ModelError."""
    return None if given.spec is None else workbench.read_spec(given.spec)


def classes(given: Arguments) -> ClassMap:
    """The mapping of classes in the file given with --classes. Raises DatasetError."""
    return () if given.classes is None else workbench.read_classes(given.classes)


def tell(given: Arguments, record: object, words: Callable[[], str]) -> None:
    """Print the record (or a list of them) as JSON if that was asked for, else `words`."""
    clear_line()
    if given.json:
        print_json(record)
    else:
        print(words())


def print_json(record: object) -> None:
    json.dump(_json(record), sys.stdout, indent=1, ensure_ascii=False)
    print()


def _json(record: object) -> object:
    """A trial's own JSON holds what follows from it too."""
    if isinstance(record, list):
        return [_json(each) for each in record]
    return with_messages(record.to_json() if isinstance(record, TrialResult) else encoded(record))


def progress(given: Arguments) -> Progress:
    """Progress on a line of stderr, if that is a terminal and no machine listens; else waits alone, a line each."""
    return _Waits() if given.json or not sys.stderr.isatty() else _to_terminal


def show_line(text: str) -> None:
    """Replace the progress line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def clear_line() -> None:
    show_line("")


def counted(now: ProgressRecord) -> str:
    """'fine tuning 40/100', or what is waited for, and how long."""
    if now.message in WAITS:
        limit = f" of at most {now.total}" if now.total else ""
        return f"{_WAITS[now.message].format(who=now.who or 'another process')}: {now.done}{limit} s"
    words = now.message.replace("_", " ")
    return f"{words} {now.done}/{now.total}" if now.total else words


_WAITS = {
    "waiting_to_measure": "waiting to measure latency alone, until {who} makes way",
    "waiting_while_measured": "paused while {who} measures latency",
    "waiting_for_same": "waiting for {who} that makes the same",
}


def _to_terminal(message: str, done: int, total: int, who: str = "") -> None:
    show_line(counted(ProgressRecord(message, done, total, who)))


class _Waits:
    """Says once what is waited for, and for whom."""

    def __init__(self) -> None:
        self._said = ("", "")

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None:
        if message in WAITS and (message, who) != self._said:
            print(counted(ProgressRecord(message, done, total, who)), file=sys.stderr, flush=True)
        self._said = (message, who)


def with_threshold(command: argparse.ArgumentParser) -> None:
    """The score from which boxes count."""
    command.add_argument(
        "--threshold",
        type=share,
        default=READING_SCORE,
        metavar="S",
        help=f"score from which boxes count (default: {READING_SCORE})",
    )


def share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text} instead")
    return value
