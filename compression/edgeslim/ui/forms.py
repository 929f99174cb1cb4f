"""Inputs made from declarations: a step's parameters, a model's specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from edgeslim.ui.components.words import named
from edgeslim.ui.i18n import known
from edgeslim.ui.state import language, t

FIELDS_PER_ROW = 3
COLORS = ("RGB", "BGR", "GRAY")
RESIZES = ("letterbox_corner", "letterbox_center", "stretch")
TASKS = ("detection", "classification")


def parameter_inputs(
    step: str,
    declared: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    key: str,
    *,
    offers: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """One widget for each declared parameter (as `list_steps` gives them); returns the values chosen.

    `offers` are values at hand for parameters that are texts: a list to choose from, or to write something else in.
    """
    chosen: dict[str, Any] = {}
    for start in range(0, len(declared), FIELDS_PER_ROW):
        columns = st.columns(FIELDS_PER_ROW, vertical_alignment="bottom")
        for column, param in zip(columns, declared[start : start + FIELDS_PER_ROW], strict=False):
            name = param["name"]
            with column:
                value = values.get(name, param["default"])
                offered = (offers or {}).get(name, ())
                if offered and name not in values:
                    value = value if value in offered else offered[0]
                chosen[name] = _input(step, param, value, f"{key}_{name}", offered)
    return chosen


def _input(step: str, param: Mapping[str, Any], value: Any, key: str, offered: Sequence[str] = ()) -> Any:
    label = named(f"step.{step}", param["name"])
    key_of_help = f"step.{step}.{param['name']}.help"
    words = (
        t(key_of_help) if known(language(), key_of_help) else param["help"]
    )  # English is the declaration's own
    low, high = param["low"], param["high"]
    if param["type"] == "bool":
        return st.toggle(label, value=value, key=key, help=words)
    if param["choices"]:
        options = list(param["choices"])
        return st.selectbox(
            label,
            options,
            index=options.index(value) if value in options else 0,
            format_func=lambda option: named(f"step.{step}.{param['name']}", option),
            key=key,
            help=words,
        )
    if offered:
        options = [*offered, *({value} - set(offered))]
        return st.selectbox(
            label, options, index=options.index(value), key=key, help=words, accept_new_options=True
        )
    if param["type"] == "str":
        return st.text_input(label, value=value, key=key, help=words)
    if param["type"] == "int":
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


def spec_form(initial: Mapping[str, Any], families: Sequence[str], key: str) -> dict[str, Any] | None:
    """A model's specification to look over and change. Returns it when the form is sent, else None."""
    with st.form(key):
        first, second, third = st.columns(3)
        task = first.selectbox(
            t("spec.task"),
            TASKS,
            index=TASKS.index(initial.get("task", "detection")),
            format_func=lambda name: t(f"task.{name}"),
        )
        family = second.selectbox(
            t("spec.family"),
            families,
            index=list(families).index(initial.get("family", "unknown")),
            format_func=lambda name: t("family.unknown") if name == "unknown" else name,
            help=t("spec.family_help"),
        )
        resize = third.selectbox(
            t("spec.resize"),
            RESIZES,
            index=RESIZES.index(initial.get("resize", "stretch")),
            format_func=lambda name: t(f"resize.{name}"),
        )
        width = first.number_input(t("spec.input_width"), 1, 8192, int(initial.get("input_width", 640)))
        height = second.number_input(t("spec.input_height"), 1, 8192, int(initial.get("input_height", 640)))
        color = third.selectbox(t("spec.color"), COLORS, index=COLORS.index(initial.get("color", "RGB")))
        scale = first.text_input(
            t("spec.scale"), f"{initial.get('scale', 1.0):.10g}", help=t("spec.scale_help")
        )
        mean = second.text_input(t("spec.mean"), _listed(initial.get("mean", (0.0, 0.0, 0.0))))
        std = third.text_input(t("spec.std"), _listed(initial.get("std", (1.0, 1.0, 1.0))))
        pad = first.number_input(
            t("spec.pad_value"), 0.0, 255.0, float(initial.get("pad_value", 114.0)), format="%g"
        )
        strides = second.text_input(
            t("spec.strides"), ", ".join(str(value) for value in initial.get("strides", ()))
        )
        iou = third.number_input(
            t("spec.nms_iou"), 0.0, 1.0, float(initial.get("nms_iou", 0.6)), step=0.05, format="%g"
        )
        labels = st.text_area(
            t("spec.labels"), "\n".join(initial.get("labels", ())), height=120, help=t("spec.labels_help")
        )
        if not st.form_submit_button(t("spec.save"), type="primary"):
            return None
    return {
        **initial,
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
        "labels": [line.strip() for line in labels.splitlines() if line.strip()],
    }


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _number(text: str) -> float | int | str:
    """The number written there; what is none is passed on, for the core to name it."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value == int(value) and "." not in text and "e" not in text.lower() else value
