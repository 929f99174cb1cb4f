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
        raise ModelError(
            "spec_not_object",
            "A model specification must be a JSON object.",
            'Write it as {"family": "yolox", "input_width": 416, "input_height": 416}.',
        )
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
        raise ModelError(
            "spec_unreadable",
            f"The model specification '{path}' cannot be read ({error.strerror}).",
            "Check the path and its permissions.",
            file=path,
            reason=error.strerror,
        ) from error
    except ValueError as error:
        raise ModelError(
            "spec_not_json",
            f"The model specification '{path}' is not JSON ({error}).",
            "Correct the file; every key is in double quotes, and the last one has no comma after it.",
            file=path,
            reason=error,
        ) from error
    return spec_from_json(data)


def _check_keys(data: dict[str, Any]) -> None:
    for key in data:
        if key not in _KEYS:
            choices = ", ".join(get_close_matches(str(key), _KEYS, n=3) or _KEYS)
            raise ModelError(
                "spec_unknown_key",
                f"'{key}' is not a key of a model specification.",
                f"Choose one of: {choices}.",
                key=key,
                choices=choices,
            )
    for key in _REQUIRED:
        if key not in data:
            raise ModelError(
                "spec_missing_key",
                f"The model specification has no '{key}'.",
                f"Give '{key}', the network's input size in pixels.",
                key=key,
            )


def _check_channels(spec: ModelSpec) -> None:
    wanted = spec.input_shape[1]
    for key, values in (("mean", spec.mean), ("std", spec.std)):
        if len(values) != wanted:
            raise ModelError(
                "spec_channels",
                f"{_value_of(key)} must have {wanted} numbers, one for each channel of {spec.color}, "
                f"got {len(values)} instead.",
                f"Give '{key}' {wanted} numbers, or correct 'color'.",
                key=key,
                expected=wanted,
                color=spec.color,
                count=len(values),
            )


def _check_task(spec: ModelSpec) -> None:
    if spec.family != UNKNOWN and FAMILIES.get(spec.family).task != spec.task:
        wanted = FAMILIES.get(spec.family).task
        raise ModelError(
            "spec_task",
            f"The family '{spec.family}' is for {wanted}, but the specification's 'task' is '{spec.task}'.",
            f"Set 'task' to '{wanted}', or name another family.",
            family=spec.family,
            expected=wanted,
            task=spec.task,
        )


def _value_of(key: str) -> str:
    return f"'{key}' of the model specification"


def _choice(*choices: str) -> Callable[[str, Any], str]:
    def check(key: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            listed = ", ".join(choices)
            problem = f"{_value_of(key)} must be one of {listed}, got {value!r} instead."
            raise ModelError(
                "spec_choice", problem, "Choose one of these.", key=key, choices=listed, value=value
            )
        return value

    return check


def _number(
    low: float, high: float, *, whole: bool = False, above: bool = False
) -> Callable[[str, Any], Any]:
    """A number from `low` (or above it) to `high`."""
    kind, start = ("whole number", "from") if whole else ("number", "above" if above else "from")

    def check(key: str, value: Any) -> float:
        good = type(value) in ((int,) if whole else (int, float)) and low <= value <= high
        if not good or (above and value == low):
            problem = f"{_value_of(key)} must be a {kind} {start} {low:g} to {high:g}, got {value!r} instead."
            bounds = {"low": f"{low:g}", "high": f"{high:g}"}
            raise ModelError("spec_number", problem, "Correct this value.", key=key, value=value, **bounds)
        return int(value) if whole else float(value)

    return check


def _boolean(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        problem = f"{_value_of(key)} must be true or false, got {value!r} instead."
        raise ModelError("spec_boolean", problem, "Correct this value.", key=key, value=value)
    return value


def _each(check: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    return lambda key, value: tuple(check(key, item) for item in _list(key, value))


def _deviations(key: str, value: Any) -> tuple[float, ...]:
    numbers = _each(_number(-1e6, 1e6))(key, value)
    if 0.0 in numbers:
        remedy = f"Give '{key}' numbers other than zero; 1 leaves pixels as they are."
        problem = f"{_value_of(key)} has a zero, and pixels are divided by it."
        raise ModelError("spec_zero", problem, remedy, key=key)
    return numbers


def _labels(key: str, value: Any) -> tuple[str, ...]:
    items = _list(key, value)
    if not all(isinstance(item, str) and item.strip() for item in items) or len(set(items)) != len(items):
        remedy = "Give one name for each class, in the order of the network's outputs."
        problem = f"{_value_of(key)} must be different, non-empty names."
        raise ModelError("spec_labels", problem, remedy, key=key)
    return tuple(items)


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        remedy = f"Write '{key}' in square brackets."
        problem = f"{_value_of(key)} must be a list, got {value!r} instead."
        raise ModelError("spec_list", problem, remedy, key=key, value=value)
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
