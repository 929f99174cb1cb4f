"""What is measured of a file, as plain records, and records as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from edgeslim.texts import known, told

R = TypeVar("R")
NOISY = 0.10
"""A latency ratio is noisy if its 95 % interval is wider than ± this share of it."""


def encoded(record: object) -> Any:
    """A record (a dataclass of plain fields and other records) as JSON values. Paths and types become their names."""
    return msgspec.to_builtins(record, str_keys=True, enc_hook=_name)


def decoded(cls: type[R], data: Any) -> R:
    """The record that JSON values stand for; keys it does not know are passed over. Raises msgspec.ValidationError."""
    return msgspec.convert(data, cls, strict=False)


def shared(kind: type, source: object) -> dict[str, Any]:
    """What `source` has of the fields of a dataclass, by their names."""
    return {each.name: getattr(source, each.name) for each in fields(kind) if hasattr(source, each.name)}


def with_messages(data: Any) -> Any:
    """JSON values for a reader: each error and notice in them, kept as code and values, with its English sentence."""
    if isinstance(data, list):
        return [with_messages(each) for each in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {"code", "values"}:
        kind = "error" if known("en", f"error.{data['code']}") else "notice"
        return {"message": told("en", f"{kind}.{data['code']}", data["values"]), **data}
    return {key: with_messages(value) for key, value in data.items()}


def _name(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, type):
        return value.__name__
    raise TypeError(f"{type(value).__name__} is no part of a record")


@dataclass(frozen=True, slots=True)
class EntropyGap:
    """Download less bound: the graph's structure is in the one and not in the other.

    Below zero where the coder has used an order of symbols that the bound does not know.
    """

    bytes: int
    share: float
    """Of the bound."""


THOROUGH_ZSTD, FAST_ZSTD = 19, 12
THOROUGH_BYTES = 32_000_000
"""Up to this size a file is packed with the thorough level, which takes some 0.3 s per MB and more."""


def zstd_level(size: int) -> int:
    """The level with which the download of a file of `size` bytes is measured."""
    return THOROUGH_ZSTD if size <= THOROUGH_BYTES else FAST_ZSTD


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes. `entropy_bound` covers the stored tensors only, not the graph's structure."""

    file: int
    download: int
    """The file after zstd of `zstd_level`."""
    entropy_bound: int | None = None
    """None in studies from before it was measured."""

    @property
    def zstd_level(self) -> int:
        """That of the download."""
        return zstd_level(self.file)

    @property
    def entropy_gap(self) -> EntropyGap | None:
        """None where the bound is not known."""
        if not self.entropy_bound:
            return None
        gap = self.download - self.entropy_bound
        return EntropyGap(gap, gap / self.entropy_bound)


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds for one input. `ratio` is the median over the baseline's: below 1 is faster."""

    median_ms: float
    p95_ms: float
    ratio: float
    ratio_ci95: tuple[float, float]
    rounds: int
    disturbed: bool = False
    """Others went on computing meanwhile."""

    @property
    def noisy(self) -> bool:
        """Whether the ratio is too uncertain to be relied on. Single runs may scatter: many of them still tell."""
        low, high = self.ratio_ci95
        return self.disturbed or high - low > 2 * NOISY * self.ratio

    @property
    def same_speed(self) -> bool:
        """Whether no difference in speed from the baseline was shown."""
        return self.ratio_ci95[0] <= 1.0 <= self.ratio_ci95[1]


ClassMap = tuple[tuple[str, str | None], ...]
"""Classes of a dataset, and which of a model's each is; None: no one of them."""


@dataclass(frozen=True, slots=True)
class ClassMatching:
    """Which classes of a dataset are which of a model's."""

    pairs: ClassMap
    """All classes of the dataset, in its order."""
    model: tuple[str, ...]
    """The model's classes."""
    given: bool = False
    """Somebody has said so, not their names alone."""

    @property
    def matched(self) -> int:
        """How many of the dataset's classes are scored."""
        return sum(name is not None for _, name in self.pairs)

    @property
    def dataset_only(self) -> tuple[str, ...]:
        """Classes that the model does not know: their objects are not scored."""
        return tuple(name for name, known in self.pairs if known is None)

    @property
    def model_only(self) -> tuple[str, ...]:
        """Classes that the dataset does not know: they have no part in mAP."""
        known = {name for _, name in self.pairs}
        return tuple(name for name in self.model if name not in known)

    @property
    def few(self) -> bool:
        """Whether most classes of both sides have no counterpart, so that a score says little of either."""
        return 2 * self.matched < min(len(self.pairs), len(self.model))


@dataclass(frozen=True, slots=True)
class ProgressRecord:
    """How far something is: `done` of `total` (0 where that is not known)."""

    message: str
    done: int
    total: int
    who: str = ""
    """Of a wait (progress.WAITS): for whom."""


@dataclass(frozen=True, slots=True)
class RecipeRecord:
    """A recipe as it is kept: each step is its name under 'step' and its parameters, free-form since steps come and go.

    Unlike `edgeslim.recipe.Recipe` it can be read without the steps, and without torch.
    """

    steps: tuple[Mapping[str, Any], ...] = ()
    seed: int = 0
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "seed": self.seed, "steps": [dict(step) for step in self.steps]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerData:
    """What training on other data made of a model on those it had learnt from before: its headline measure there, 0–1,
    in the classes that it still has."""

    dataset: str
    classes: tuple[str, ...]
    images: int
    before: float
    after: float
    metric: str = "mAP"
    change_ci95: tuple[float, float] | None = None
    """Of the difference on the same images; None in trainings from before it was measured."""

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def lost(self) -> bool:
        """Whether it is worse there, by more than chance where that is known."""
        return self.change < 0 if self.change_ci95 is None else self.change_ci95[1] < 0
