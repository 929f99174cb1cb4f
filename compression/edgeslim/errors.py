"""Every error a user can cause, and what stops nothing but is to be known: a code and values.

Their sentences stand in the locales alone: what is wrong, in what, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

from edgeslim.texts import told


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error as it is kept."""

    code: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        return told("en", f"error.{self.code}", self.values)


class EdgeSlimError(ValueError):
    """A problem the user can mend.

    `code` is stable and names its sentence, `error.<code>` in the locales, which `values` fill. As a string it is the
    English one, which the shell prints.
    """

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        return told("en", f"error.{self.code}", self.values)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by arguments: errors cross process boundaries."""
        return partial(type(self), self.code, **self.values), ()

    def record(self) -> ErrorRecord:
        """What is kept of it: values as strings."""
        return ErrorRecord(self.code, {key: str(value) for key, value in self.values.items()})

    def renamed(self, old: str, new: str) -> Self:
        """The same error about `new`, where it speaks of `old`: the user's file instead of our copy of it."""
        return type(self)(
            self.code, **{key: str(value).replace(old, new) for key, value in self.values.items()}
        )

    @classmethod
    def of(cls, record: ErrorRecord) -> Self:
        """The error of a record, to be raised."""
        return cls(record.code, **record.values)


class ParameterError(EdgeSlimError):
    """A parameter is out of its bounds or of the wrong type."""


class RecipeError(EdgeSlimError):
    """Steps that do not fit together, or that this model or data cannot take."""


class InfeasibleError(EdgeSlimError):
    """The recipe is sound, but this network cannot meet its target."""


class ModelError(EdgeSlimError):
    """A model file or its specification cannot be used."""


class DatasetError(EdgeSlimError):
    """A dataset cannot be read."""


class StoreError(EdgeSlimError):
    """The data folder cannot be read or written."""


class StudyError(EdgeSlimError):
    """A study does not exist, is running, or is not in a state for what was asked."""


class RoomError(EdgeSlimError):
    """A room of a class does not exist, is not open for what was asked, or is full."""


class AccessError(EdgeSlimError):
    """Somebody may not do that: it belongs to another visitor, or this is a public demo."""


class DownloadError(EdgeSlimError):
    """A download failed or did not match its checksum."""


@dataclass(frozen=True, slots=True, init=False)
class Notice:
    """A warning. `code` names its sentence, `notice.<code>` in the locales, which `values` fill; as a string it is the
    English one.
    """

    code: str
    values: Mapping[str, int | float | str]

    def __init__(self, code: str, /, **values: object) -> None:
        """Values are numbers and strings; anything else (such as a path) is kept as its string."""
        kept = {
            name: value if isinstance(value, int | float) else str(value) for name, value in values.items()
        }
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", kept)

    def __str__(self) -> str:
        return told("en", f"notice.{self.code}", self.values)


def first_line(error: BaseException) -> str:
    """The first line of a library's message, shortened: enough to recognise it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200].rstrip(".") if lines else type(error).__name__
