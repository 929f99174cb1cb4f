"""Reading JSON and YAML that nobody vouches for: nesting and numbers are bounded, and text can be written again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

MAX_DEPTH = 32
"""Levels of nesting: recipes, specifications and annotations have about six."""
_NESTED = (dict, list)
_SUSPICIOUS = re.compile(r"\\u[dD][89a-fA-F]|\d{19}")
"""In JSON, where else no string needs to be looked at, and no number."""
_LARGEST = 1 << 64


def parse_json(content: bytes | str) -> Any:
    """The JSON value of `content`. Raises ValueError, which says why it is none or is not accepted."""
    text = content if isinstance(content, str) else content.decode(json.detect_encoding(content))
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise _too_deep() from error
    return _checked(data, scalars=_SUSPICIOUS.search(text) is not None)


def parse_yaml(text: str) -> Any:
    """The YAML value of `text`, of plain types only. Raises ValueError, which says why it is not accepted."""
    import yaml

    try:
        data = yaml.safe_load(text)
    except RecursionError as error:
        raise _too_deep() from error
    # Beside its own errors, PyYAML lets those of its conversions through: `!!bool x`, `!!timestamp x`, `!!int ''`.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise ValueError("it is not valid YAML") from error
    return _checked(data, scalars=True)


def _checked(data: Any, scalars: bool) -> Any:
    """`data`, unless it is nested too deep or holds a scalar that is refused."""
    level = [data]
    for _ in range(MAX_DEPTH):
        if scalars:
            _check_scalars(level)
        inner = (value for item in level if isinstance(item, _NESTED) for value in _values(item))
        # What a YAML alias refers to appears often, but is looked at once.
        level = list({id(value): value for value in inner if scalars or isinstance(value, _NESTED)}.values())
        if not level:
            return data
    raise _too_deep()


def _values(item: dict[Any, Any] | list[Any]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _check_scalars(level: list[Any]) -> None:
    """Refuse half a surrogate pair, which is no character, and integers that no array holds."""
    keys = (key for item in level if isinstance(item, dict) for key in item)
    for scalar in (*level, *keys):
        if isinstance(scalar, int) and abs(scalar) >= _LARGEST:
            raise ValueError("it holds a whole number of more than 64 bits")
        if isinstance(scalar, str) and any("\ud800" <= character <= "\udfff" for character in scalar):
            shown = scalar.encode("ascii", "backslashreplace").decode()[:60]
            raise ValueError(f"the text '{shown}' holds half a surrogate pair, which is no character")


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
