"""Parameters, declared once: default, bounds, unit, help → validation, form, search space, docs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from edgeslim.errors import ParameterError

_KEY = "edgeslim"


@dataclass(frozen=True, slots=True)
class Param:
    """One declared parameter of a step. `low`/`high` are inclusive; a string has `choices`, or they bound its length.

    `search` is what a search tries: the two ends of a range of numbers (on a logarithmic scale with `log`), or
    the values themselves. None: it stays at its default there (see search.space).
    `when` names another parameter, and the values of it with which this one matters; None: it always does.
    """

    name: str
    type: type
    default: Any
    low: float | None
    high: float | None
    choices: tuple[str, ...] | None
    unit: str
    help: str
    search: tuple[Any, ...] | None = None
    log: bool = False
    when: tuple[Any, ...] | None = None

    def matters(self, values: Mapping[str, Any]) -> bool:
        """Whether the parameter changes anything beside these values of the others."""
        return self.when is None or values.get(self.when[0], self.when[1]) in self.when[1:]


def param(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
    unit: str = "",
    help: str = "",
    search: tuple[Any, ...] | None = None,
    log: bool = False,
    when: tuple[Any, ...] | None = None,
) -> Any:
    """Declare a dataclass field as a parameter. The field's type is one of int, float, bool, str.

    `when=("rounding", "adaround", "trained")`: it matters with these values of `rounding` alone.
    """
    meta = {"low": low, "high": high, "choices": choices, "unit": unit, "help": help}
    meta |= {"search": search, "log": log, "when": when}
    return dataclasses.field(default=default, metadata={_KEY: meta})


def parameters(cls: type) -> tuple[Param, ...]:
    """The declared parameters of a dataclass, in order."""
    if cls not in _DECLARED:
        hints = get_type_hints(cls)
        _DECLARED[cls] = tuple(
            Param(name=f.name, type=hints[f.name], default=f.default, **f.metadata[_KEY])
            for f in dataclasses.fields(cls)
            if _KEY in f.metadata
        )
    return _DECLARED[cls]


_DECLARED: dict[type, tuple[Param, ...]] = {}
"""Reading type hints takes milliseconds, and a search asks often."""


def validate(instance: Any) -> None:
    """Check every parameter of `instance` against its declaration. Raises ParameterError."""
    for p in parameters(type(instance)):
        _check(type(instance).name, p, getattr(instance, p.name))


def coerce(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """Turn JSON values into a dataclass's parameter values (ints for floats are fine); refuse unknown names."""
    known = {p.name: p for p in parameters(cls)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        names = ", ".join(known) or "none"
        raise ParameterError("unknown_parameter", step=cls.name, parameter=unknown[0], choices=names)  # type: ignore[attr-defined]
    return {
        key: float(value) if known[key].type is float and type(value) is int else value
        for key, value in values.items()
    }


def _check(owner: str, p: Param, value: Any) -> None:
    if type(value) is not p.type:
        raise ParameterError(
            "parameter_type",
            step=owner,
            parameter=p.name,
            expected=p.type.__name__,
            value=repr(value),
            default=repr(p.default),
        )
    if p.choices is not None and value not in p.choices:
        raise ParameterError(
            "parameter_choice", step=owner, parameter=p.name, choices=", ".join(p.choices), value=repr(value)
        )
    length = len(value) if isinstance(value, str) and p.choices is None else None
    if length is not None and not _within(p, length):
        raise ParameterError(
            "parameter_length", step=owner, parameter=p.name, low=p.low, high=p.high, length=length
        )
    if not isinstance(value, str) and not _within(p, value):
        raise ParameterError(
            "parameter_bounds", step=owner, parameter=p.name, low=p.low, high=p.high, value=repr(value)
        )


def _within(p: Param, value: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return (p.low is None or value >= p.low) and (p.high is None or value <= p.high)
