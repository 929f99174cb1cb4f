"""Inputs made from declarations: a step's parameters, a model's specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import streamlit as st

from edgeslim import workbench
from edgeslim.models.base import ColorOrder, ModelSpec, Resize
from edgeslim.params import Param
from edgeslim.ui.components.words import named
from edgeslim.ui.i18n import known
from edgeslim.ui.state import language, t

FIELDS_PER_ROW = 3
COLORS, RESIZES = get_args(ColorOrder), get_args(Resize)
TASKS = ("detection", "classification")


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
    shown = initial or ModelSpec(input_width=640, input_height=640)
    with st.form(key):
        first, second, third = st.columns(3)
        task = first.selectbox(
            t("spec.task"), TASKS, index=TASKS.index(shown.task), format_func=lambda name: t(f"task.{name}")
        )
        family = second.selectbox(
            t("spec.family"),
            families,
            index=list(families).index(shown.family),
            format_func=lambda name: t("family.unknown") if name == "unknown" else name,
            help=t("spec.family_help"),
        )
        resize = third.selectbox(
            t("spec.resize"),
            RESIZES,
            index=RESIZES.index(shown.resize),
            format_func=lambda name: t(f"resize.{name}"),
        )
        width = first.number_input(t("spec.input_width"), 1, 8192, shown.input_width)
        height = second.number_input(t("spec.input_height"), 1, 8192, shown.input_height)
        color = third.selectbox(t("spec.color"), COLORS, index=COLORS.index(shown.color))
        scale = first.text_input(t("spec.scale"), f"{shown.scale:.10g}", help=t("spec.scale_help"))
        mean = second.text_input(t("spec.mean"), _listed(shown.mean))
        std = third.text_input(t("spec.std"), _listed(shown.std))
        pad = first.number_input(t("spec.pad_value"), 0.0, 255.0, float(shown.pad_value), format="%g")
        strides = second.text_input(t("spec.strides"), _listed(shown.strides))
        iou = third.number_input(t("spec.nms_iou"), 0.0, 1.0, float(shown.nms_iou), step=0.05, format="%g")
        agnostic = st.checkbox(
            t("spec.class_agnostic_nms"), shown.class_agnostic_nms, help=t("spec.class_agnostic_nms_help")
        )
        labels = st.text_area(
            t("spec.labels"), "\n".join(shown.labels), height=120, help=t("spec.labels_help")
        )
        if not st.form_submit_button(t("spec.save"), type="primary"):
            return None
    return workbench.checked_spec(
        {
            **(initial.to_json() if initial else {}),
            "task": task,
            "family": family,
            "resize": resize,
            "input_width": int(width),
            "input_height": int(height),
            "color": color,
            "scale": _number(scale),
            "mean": [_number(part) for part in mean.split(",")],
            "std": [_number(part) for part in std.split(",")],
            "pad_value": pad,
            "strides": [_number(part) for part in strides.split(",") if part.strip()],
            "nms_iou": iou,
            "class_agnostic_nms": agnostic,
            "labels": [line.strip() for line in labels.splitlines() if line.strip()],
        }
    )


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _number(text: str) -> float | int | str:
    """The number written there; what is none is passed on, for the core to name it."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value == int(value) and "." not in text and "e" not in text.lower() else value
