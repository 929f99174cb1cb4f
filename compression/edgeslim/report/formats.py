"""A file in the formats of several runtimes, as rows of a table, and what they say in one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from edgeslim.runtime.figures import RuntimeFigures

State = Literal["here", "study", "unmeasured", "missing", "failed"]


class InRuntime(Protocol):
    """A file in one runtime, as far as it is known."""

    @property
    def runtime(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def measured(self) -> Literal["here", "study", ""]: ...
    @property
    def figures(self) -> RuntimeFigures | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRow:
    """Sizes in bytes, accuracy and its change in points, latency in milliseconds; None where not measured."""

    runtime: str
    format: str
    state: State
    file_bytes: int | None = None
    download_bytes: int | None = None
    accuracy: float | None = None
    change: float | None = None
    latency_ms: float | None = None
    ratio: float | None = None
    sqnr: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatFinding:
    """How many formats run, and the fastest runtime and the smallest format of them."""

    count: int
    fastest: FormatRow | None
    smallest: FormatRow | None


def state_of(file: InRuntime) -> State:
    if file.figures is not None:
        return "failed" if file.figures.error is not None else file.measured or "unmeasured"
    return "unmeasured" if file.version else "missing"


def format_rows(files: Iterable[InRuntime], metric: str | None) -> tuple[FormatRow, ...]:
    """One row a runtime; `metric` is the study's primary one."""
    return tuple(_row(file, metric) for file in files)


def finding_of(rows: Iterable[FormatRow]) -> FormatFinding:
    run = [row for row in rows if row.state in ("here", "study")]
    timed = [row for row in run if row.latency_ms is not None]
    sized = [row for row in run if row.file_bytes is not None]
    return FormatFinding(
        count=len({row.format for row in run}),
        fastest=min(timed, key=lambda row: row.latency_ms or 0.0, default=None),
        smallest=min(sized, key=lambda row: row.file_bytes or 0, default=None),
    )


def _row(file: InRuntime, metric: str | None) -> FormatRow:
    name = f"{file.runtime} {file.figures.version if file.figures else file.version}".rstrip()
    row = FormatRow(runtime=name, format=file.format, state=state_of(file))
    found = file.figures
    if found is None or found.error is not None:
        return row
    latency = found.latency
    return FormatRow(
        runtime=name,
        format=row.format,
        state=row.state,
        file_bytes=found.bytes,
        download_bytes=found.download,
        accuracy=_points(_value(found, metric)),
        change=_points(_value(found, "paired_delta")),
        latency_ms=None if latency is None else latency.median_ms,
        ratio=None if latency is None else latency.ratio,
        sqnr=_value(found, "sqnr_db"),
    )


def _value(found: RuntimeFigures, name: str | None) -> float | None:
    if name is None:
        return None
    given = (figures.get(name) for figures in (found.accuracy, found.fidelity) if figures)
    return next((float(value) for value in given if value is not None), None)


def _points(share: float | None) -> float | None:
    """What rounds to nothing has no sign."""
    return None if share is None else round(100 * share, 1) + 0.0
