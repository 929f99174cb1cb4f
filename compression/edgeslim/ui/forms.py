"""Inputs made from declarations: a step's parameters, a model's specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, get_args

import streamlit as st

from edgeslim import workbench
from edgeslim.models.base import ColorOrder, ModelSpec, Resize, ResizeFilter
from edgeslim.params import Param
from edgeslim.ui.components.words import named
from edgeslim.ui.i18n import known
from edgeslim.ui.state import language, t

FIELDS_PER_ROW = 3
COLORS, RESIZES, FILTERS = get_args(ColorOrder), get_args(Resize), get_args(ResizeFilter)
TASKS = ("detection", "classification")
SPEC_FIELDS = (
    "family", "color", "resize", "scale", "mean", "std", "task", "input_width", "input_height", "pad_value", "strides",
    "resize_filter", "nms_iou", "class_agnostic_nms", "labels",
)  # fmt: skip


def parameter_inputs(
    step: str,
    declared: Sequence[Param],
    values: Mapping[str, Any],
    key: str,
    *,
    offers: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """One widget for each declared parameter that matters beside the others; returns the values chosen, of the
    parameters' types, by name. What does not matter keeps its value.

    `offers` are values at hand for parameters that are texts: a list to choose from, or to write something else in.
    """
    before = {param.name: values.get(param.name, param.default) for param in declared}
    now = {name: st.session_state.get(f"{key}_{name}", value) for name, value in before.items()}
    shown = [param for param in declared if param.matters(now)]
    chosen: dict[str, Any] = {**before}
    for start in range(0, len(shown), FIELDS_PER_ROW):
        columns = st.columns(FIELDS_PER_ROW, vertical_alignment="bottom")
        for column, param in zip(columns, shown[start : start + FIELDS_PER_ROW], strict=False):
            with column:
                value = values.get(param.name, param.default)
                offered = (offers or {}).get(param.name, ())
                if offered and param.name not in values:
                    value = value if value in offered else offered[0]
                chosen[param.name] = _input(step, param, value, f"{key}_{param.name}", offered)
    return chosen


def _input(step: str, param: Param, value: Any, key: str, offered: Sequence[str] = ()) -> Any:
    name = f"step.{step}.{param.name}"
    label = named(f"step.{step}", param.name)
    words = t(f"{name}.help") if known(language(), f"{name}.help") else param.help  # that is English
    low, high = param.low, param.high
    if param.type is bool:
        return st.toggle(label, value=value, key=key, help=words)
    if param.choices:
        return st.selectbox(
            label,
            param.choices,
            index=param.choices.index(value) if value in param.choices else 0,
            format_func=lambda option: named(name, option),
            key=key,
            help=words,
        )
    if offered:
        options = [*offered, *({value} - set(offered))]
        return st.selectbox(
            label, options, index=options.index(value), key=key, help=words, accept_new_options=True
        )
    if param.type is str:
        return st.text_input(label, value=value, key=key, help=words)
    if param.type is int:
        return st.number_input(
            label,
            value=int(value),
            min_value=None if low is None else int(low),
            max_value=None if high is None else int(high),
            step=1,
            key=key,
            help=words,
        )
    if low is not None and high is not None and high - low >= 0.5 and high <= 0.99:
        return st.slider(
            label, float(low), float(high), float(value), step=_fine(value), format="%g", key=key, help=words
        )
    return st.number_input(
        label,
        value=float(value),
        min_value=None if low is None else float(low),
        max_value=None if high is None else float(high),
        step=_fine(value),
        format="%g",
        key=key,
        help=words,
    )


def _fine(value: float) -> float:
    """A step of the size of the value's last interesting figure: 0.3 → 0.05, 0.001 → 0.0001."""
    if value >= 0.05 or value <= 0:
        return 0.05 if round(value * 20) == value * 20 else 0.01
    size = 1.0
    while value < size:
        size /= 10
    return size / 10 if size < 0.01 else 0.001


def spec_form(initial: ModelSpec | None, families: Sequence[str], key: str) -> ModelSpec | None:
    """A model's specification to look over and change. Returns it when the form is sent, else None.

    Raises ModelError where a value cannot be used.
    """
    with st.form(key):
        given = spec_fields(initial or ModelSpec(input_width=640, input_height=640), families, key)
        if not st.form_submit_button(t("spec.save"), type="primary"):
            return None
    return workbench.checked_spec({**(initial.to_json() if initial else {}), **given})


def spec_fields(initial: ModelSpec, families: Sequence[str], key: str, *, columns: int = 3) -> dict[str, Any]:
    """A widget for each part of a specification that is often wrong, the others folded; returns what they hold,
    which nobody has checked. What is entered stays under `key` until `fill_spec` fills them anew."""
    if f"{key}_family" not in st.session_state:
        fill_spec(initial, key)
    at = cycle(st.columns(columns))

    def field(widget: str, name: str, *options: Any, **more: Any) -> Any:
        words = t(f"spec.{name}_help") if known(language(), f"spec.{name}_help") else None
        make = getattr(next(at), widget)
        return make(t(f"spec.{name}"), *options, key=f"{key}_{name}", help=words, **more)

    given: dict[str, Any] = {
        "family": field("selectbox", "family", families, format_func=lambda name: t(f"family.{name}")),
        "color": field("selectbox", "color", COLORS),
        "resize": field("selectbox", "resize", RESIZES, format_func=lambda name: t(f"resize.{name}")),
        "scale": field("text_input", "scale"),
        "mean": field("text_input", "mean"),
        "std": field("text_input", "std"),
    }
    with st.expander(t("spec.more"), expanded=given["family"] == "unknown"):
        at = cycle(st.columns(columns))
        given |= {
            "task": field("selectbox", "task", TASKS, format_func=lambda name: t(f"task.{name}")),
            "input_width": field("number_input", "input_width", 1, 8192),
            "input_height": field("number_input", "input_height", 1, 8192),
            "pad_value": field("number_input", "pad_value", 0.0, 255.0, format="%g"),
            "strides": field("text_input", "strides"),
            "resize_filter": field(
                "selectbox", "resize_filter", FILTERS, format_func=lambda name: t(f"resize_filter.{name}")
            ),
            "nms_iou": field("number_input", "nms_iou", 0.0, 1.0, step=0.05, format="%g"),
        }
        at = cycle([st.container()])
        given["class_agnostic_nms"] = field("checkbox", "class_agnostic_nms")
        given["labels"] = field("text_area", "labels", height=120)
    return {name: _meant(name, value) for name, value in given.items()}


def fill_spec(spec: ModelSpec, key: str) -> None:
    """Put a specification into the fields of that key, as they are before anybody enters something."""
    texts = {
        "scale": _exact(spec.scale),
        "mean": _listed(spec.mean),
        "std": _listed(spec.std),
        "strides": _listed(spec.strides),
        "labels": "\n".join(spec.labels),
    }
    for name in SPEC_FIELDS:
        st.session_state[f"{key}_{name}"] = texts.get(name, getattr(spec, name))


def _listed(values: Sequence[float]) -> str:
    return ", ".join(map(_exact, values))


def _exact(value: float) -> str:
    """So that what nobody touches is read as the same number."""
    return repr(value).removesuffix(".0")


def _numbers(text: str) -> list[float | int | str]:
    return [_number(part) for part in text.split(",") if part.strip()]


def _number(text: str) -> float | int | str:
    """The number written there; what is none is passed on, for the core to name it."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value == int(value) and "." not in text and "e" not in text.lower() else value


def _meant(name: str, entered: Any) -> Any:
    """What is entered in a field, as a specification in JSON has it."""
    if name == "scale":
        return _number(entered)
    if name == "labels":
        return [line.strip() for line in entered.splitlines() if line.strip()]
    return _numbers(entered) if name in ("mean", "std", "strides") else entered
