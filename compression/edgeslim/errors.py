"""Every error a user can cause: what is wrong, in what, and what to do. And what stops nothing but is to be known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error as it is kept: see EdgeSlimError, whose `code` names the translation of both sentences."""

    code: str
    problem: str
    remedy: str
    values: Mapping[str, str]


class EdgeSlimError(ValueError):
    """A problem the user can mend.

    `code` is stable and names the translation (`error.<code>` in the locales, filled with `values`);
    `problem` and `remedy` are the English sentences that the shell prints.
    """

    def __init__(self, code: str, problem: str, remedy: str, **values: object) -> None:
        super().__init__(f"{problem} {remedy}")
        self.code = code
        self.problem = problem
        self.remedy = remedy
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by arguments: errors cross process boundaries."""
        return _rebuild, (type(self), self.code, self.problem, self.remedy, self.values)

    def record(self) -> ErrorRecord:
        """What is kept of it: values as strings."""
        values = {key: str(value) for key, value in self.values.items()}
        return ErrorRecord(self.code, self.problem, self.remedy, values)

    def renamed(self, old: str, new: str) -> Self:
        """The same error about `new`, where it speaks of `old`: the user's file instead of our copy of it."""
        values = {key: str(value).replace(old, new) for key, value in self.values.items()}
        return type(self)(self.code, self.problem.replace(old, new), self.remedy.replace(old, new), **values)

    @classmethod
    def of(cls, record: ErrorRecord) -> Self:
        """The error of a record, to be raised."""
        return cls(record.code, record.problem, record.remedy, **record.values)


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


class Notice(str):
    """A warning: the English sentence itself, with `code` and `values` to say it in another language.

    Values are numbers and strings; anything else (such as a path) is kept as its string.
    """

    code: str
    values: dict[str, int | float | str]

    def __new__(cls, code: str, text: str, /, **values: object) -> Notice:
        notice = super().__new__(cls, text)
        notice.code = code
        notice.values = {k: v if isinstance(v, int | float) else str(v) for k, v in values.items()}
        return notice

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], Mapping[str, object]]:
        """Pickle by arguments: notices cross process boundaries."""
        return (self.code, str(self)), self.values


def first_line(error: BaseException) -> str:
    """The first line of a library's message, shortened: enough to recognise it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


def _rebuild(
    cls: type[EdgeSlimError], code: str, problem: str, remedy: str, values: dict[str, object]
) -> EdgeSlimError:
    return cls(code, problem, remedy, **values)
