"""Model specifications as JSON: read, checked key by key, written.

Missing keys take the values of the named family's conventions, so `{"family": "yolov8", "input_width": 640,
"input_height": 640}` is a complete specification; missing labels and strides are derived from the network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from edgeslim.detections import TaskName
from edgeslim.errors import ModelError
from edgeslim.models.base import ColorOrder, ModelSpec, Resize, ResizeFilter
from edgeslim.models.families import FAMILIES, UNKNOWN
from edgeslim.reading import parse_json

MAX_INPUT_SIDE = 8192
_MAX_SPEC_BYTES = 4 << 20
_KEYS = tuple(field.name for field in dataclasses.fields(ModelSpec))
_REQUIRED = ("input_width", "input_height")
_FILTER_BEFORE: ResizeFilter = "antialiased"
"""What a specification means that says how images are resized, but not by which filter: it was the only one once."""


def spec_from_json(data: Any) -> ModelSpec:
    """Check a specification's keys and values. Raises ModelError naming the key."""
    if not isinstance(data, dict):
        raise ModelError("spec_not_object")
    _check_keys(data)
    given = {key: _CHECKS[key](key, value) for key, value in data.items()}
    family = given.get("family", UNKNOWN)
    defaults: dict[str, Any] = {}
    if family != UNKNOWN:
        defaults = {"task": FAMILIES.get(family).task, **FAMILIES.get(family).conventions}
    if "resize" in given and "resize_filter" not in given:
        defaults["resize_filter"] = _FILTER_BEFORE
    if given.get("color") == "GRAY":
        defaults |= {"mean": (0.0,), "std": (1.0,)}
    spec = ModelSpec(**{**defaults, **given})
    _check_channels(spec)
    _check_task(spec)
    return spec


def load_spec(path: Path | str) -> ModelSpec:
    """Read a specification from a JSON file. Raises ModelError naming the file and the key."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = parse_json(file.read(_MAX_SPEC_BYTES))
    except OSError as error:
        raise ModelError("spec_unreadable", file=path, reason=error.strerror) from error
    except ValueError as error:
        raise ModelError("spec_not_json", file=path, reason=error) from error
    return spec_from_json(data)


def _check_keys(data: dict[str, Any]) -> None:
    for key in data:
        if key not in _KEYS:
            choices = ", ".join(get_close_matches(str(key), _KEYS, n=3) or _KEYS)
            raise ModelError("spec_unknown_key", key=key, choices=choices)
    for key in _REQUIRED:
        if key not in data:
            raise ModelError("spec_missing_key", key=key)


def _check_channels(spec: ModelSpec) -> None:
    wanted = spec.input_shape[1]
    for key, values in (("mean", spec.mean), ("std", spec.std)):
        if len(values) != wanted:
            raise ModelError("spec_channels", key=key, expected=wanted, color=spec.color, count=len(values))


def _check_task(spec: ModelSpec) -> None:
    if spec.family != UNKNOWN and FAMILIES.get(spec.family).task != spec.task:
        wanted = FAMILIES.get(spec.family).task
        raise ModelError("spec_task", family=spec.family, expected=wanted, task=spec.task)


def _choice(*choices: str) -> Callable[[str, Any], str]:
    def check(key: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ModelError("spec_choice", key=key, choices=", ".join(choices), value=repr(value))
        return value

    return check


def _number(
    low: float, high: float, *, whole: bool = False, above: bool = False
) -> Callable[[str, Any], Any]:
    """A number from `low` (or above it) to `high`."""
    code = "spec_whole_number" if whole else "spec_number_above" if above else "spec_number"

    def check(key: str, value: Any) -> float:
        good = type(value) in ((int,) if whole else (int, float)) and low <= value <= high
        if not good or (above and value == low):
            raise ModelError(code, key=key, low=f"{low:g}", high=f"{high:g}", value=repr(value))
        return int(value) if whole else float(value)

    return check


def _boolean(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ModelError("spec_boolean", key=key, value=repr(value))
    return value


def _each(check: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    return lambda key, value: tuple(check(key, item) for item in _list(key, value))


def _deviations(key: str, value: Any) -> tuple[float, ...]:
    numbers = _each(_number(-1e6, 1e6))(key, value)
    if 0.0 in numbers:
        raise ModelError("spec_zero", key=key)
    return numbers


def _labels(key: str, value: Any) -> tuple[str, ...]:
    items = _list(key, value)
    if not all(isinstance(item, str) and item.strip() for item in items) or len(set(items)) != len(items):
        raise ModelError("spec_labels", key=key)
    return tuple(items)


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ModelError("spec_list", key=key, value=repr(value))
    return list(value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "task": _choice(*get_args(TaskName)),
    "family": _choice(*FAMILIES.names(), UNKNOWN),
    "input_width": _number(1, MAX_INPUT_SIDE, whole=True),
    "input_height": _number(1, MAX_INPUT_SIDE, whole=True),
    "color": _choice(*get_args(ColorOrder)),
    "scale": _number(0, 1e6, above=True),
    "mean": _each(_number(-1e6, 1e6)),
    "std": _deviations,
    "resize": _choice(*get_args(Resize)),
    "resize_filter": _choice(*get_args(ResizeFilter)),
    "pad_value": _number(0, 255),
    "strides": _each(_number(1, MAX_INPUT_SIDE, whole=True)),
    "labels": _labels,
    "confidence": _number(0, 1),
    "nms_iou": _number(0, 1),
    "class_agnostic_nms": _boolean,
    "max_detections": _number(1, 10_000, whole=True),
}
