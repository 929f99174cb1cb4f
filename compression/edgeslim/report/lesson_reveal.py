"""A prediction beside what came true, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Literal, cast

from edgeslim.lessons.base import Experiment, values_of
from edgeslim.lessons.predictions import Answer, Choice, Curve, Number
from edgeslim.lessons.views import Axis, Lines, Series
from edgeslim.report.lesson_axes import WIDTHS, Drawing, tick
from edgeslim.report.lesson_charts import lines_svg
from edgeslim.report.lesson_views import both
from edgeslim.report.svg import SERIES, SIZE, Scale, line, marker, text, ticks, whole
from edgeslim.report.window import text_width

TRUE, MINE = SERIES[:2]
SIGN = 14.0
"""Room for a value's marker before its words."""


def beside_truth(
    experiment: type[Experiment],
    given: Answer,
    truth: Answer,
    interval: tuple[float, float] | None,
    drawing: Drawing,
) -> str:
    """HTML: both on a number line, among the options, or as two curves."""
    predicted = experiment.predicts
    if isinstance(predicted, Choice):
        return f'<div class="drawn">{_options(experiment, predicted, str(given), str(truth), drawing)}</div>'
    if isinstance(predicted, Number):
        numbers = cast(float, given), cast(float, truth)
        drawings = [
            _number_line(predicted, *numbers, interval, replace(drawing, width=width)) for width in WIDTHS
        ]
    else:
        assert isinstance(predicted, Curve), "there are three kinds of predictions"
        view, names = _curves(experiment, predicted, {"truth": truth, "mine": given}, drawing)
        drawings = [lines_svg(view, replace(drawing, width=width, limit=None), names) for width in WIDTHS]
    return f'<div class="drawn">{both(drawings)}</div>'


def curve_alone(
    experiment: type[Experiment], curve: Answer, drawing: Drawing, of: Literal["mine", "truth"] = "mine"
) -> str:
    """HTML: a predicted curve while the truth is not known yet, or the truth without a prediction."""
    predicted = experiment.predicts
    assert isinstance(predicted, Curve), "only a curve needs a drawing"
    view, names = _curves(experiment, predicted, {of: curve}, drawing)
    drawings = [lines_svg(view, replace(drawing, width=width, limit=None), names) for width in WIDTHS]
    return f'<div class="drawn">{both(drawings)}</div>'


def _options(
    experiment: type[Experiment], predicted: Choice, given: str, truth: str, drawing: Drawing
) -> str:
    words, rows = drawing.words, []
    for option in predicted.options:
        marks = [("mine", MINE)] if option == given else []
        marks += [("truth", TRUE)] if option == truth else []
        told = "".join(
            f'<span class="mark" style="border-color:{color}">{escape(words.t(f"learn.word.{name}"))}</span>'
            for name, color in marks
        )
        strong = "strong" if marks else "span"
        rows.append(f"<li><{strong}>{escape(words.answer(experiment, option))}</{strong}>{told}</li>")
    return f"<ul>{''.join(rows)}</ul>"


def _number_line(
    predicted: Number, given: float, truth: float, interval: tuple[float, float] | None, drawing: Drawing
) -> str:
    words, width = drawing.words, drawing.width
    scale = Scale(predicted.low, predicted.high, 16, width - 16)
    base, height = 66.0, 112.0
    parts = [line(16, base, width - 16, base, opacity=0.6, stroke_width=2)]
    last = float("-inf")
    for value in ticks(scale, 4 if width < 500 else 8):
        label = tick(predicted.unit.unit, value)
        half = text_width(label, SIZE) / 2
        middle = min(max(scale(value), half), width - half)
        parts.append(line(scale(value), base, scale(value), base + 6, opacity=0.6))
        if middle - half > last + 6:
            parts.append(text(middle, base + 22, label, "middle"))
            last = middle + half
    parts.append(text(width - 4, height - 4, words.axis(predicted.unit), "end", opacity="0.85"))
    if interval is not None:
        low, high = (scale(min(max(end, predicted.low), predicted.high)) for end in interval)
        parts.append(line(low, base, high, base, color=TRUE, stroke_width=9, opacity=0.45))
    stem = scale(given)
    for number, (name, value, color, y) in enumerate(
        (("truth", truth, TRUE, 42.0), ("mine", given, MINE, 18.0))
    ):
        label = f"{words.t(f'learn.word.{name}')}: {words.amount(predicted.unit.unit, value)}"
        half, x = (text_width(label, SIZE) + SIGN) / 2, scale(value)
        middle = min(max(x, half + 2), width - half - 2)
        if name == "truth" and abs(middle - stem) < half + 6:
            # The other one's stem would cross the words: they stand beside it, on the truth's side where there is room.
            left, right = stem - half - 6, stem + half + 6
            middle = left if left > half and (x < stem or right + half > width) else right
        parts.append(line(x, y + 4, x, base, color=color, stroke_width=2))
        parts.append(marker(number, x, base, color, label))
        parts.append(marker(number, middle - half + 5, y - 5, color, label))
        parts.append(text(middle - half + SIGN, y, label, "start", font_weight=600))
    told = ", ".join(
        f"{words.t(f'learn.word.{name}')}: {words.amount(predicted.unit.unit, value)}"
        for name, value in (("mine", given), ("truth", truth))
    )
    return whole(width, height, told, parts)


def _curves(
    experiment: type[Experiment], predicted: Curve, curves: Mapping[str, Answer], drawing: Drawing
) -> tuple[Lines, Sequence[str]]:
    """Curves by their words' keys, over the values of the control."""
    control = next(one for one in experiment.controls() if one.name == predicted.along)
    names = [drawing.words.value(experiment.name, control, value) for value in values_of(control)]
    places = tuple(map(float, range(len(names))))
    series = tuple(
        Series(name=name, x=places, y=cast(tuple[float, ...], heights)) for name, heights in curves.items()
    )
    across = Axis(name=drawing.words.control(experiment.name, control))
    return Lines(x=across, y=predicted.unit, series=series), names
