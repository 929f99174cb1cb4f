"""What a file loses, in a report: pictures beside the truth and the original, mistakes by kind, classes and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.tide import KINDS, SIZES
from edgeslim.report.boxed import Box, boxed_svg
from edgeslim.report.class_charts import parts_chart
from edgeslim.report.comparable import comparable_pair
from edgeslim.report.error_types import TOTALS, Row, cost_rows, count_rows, rows_chart
from edgeslim.report.html import heading, paragraph, table
from edgeslim.report.mistake_words import classes_sentence, few_classes, grown
from edgeslim.report.palette import ACCENT, BUDGET_COLOR, LOSS
from edgeslim.report.plotted import plotted
from edgeslim.report.seen import SCENES, Scene, Seen
from edgeslim.report.told import Told
from edgeslim.tasks.base import Prediction
from edgeslim.units import DASH, MINUS, format_change, format_interval, format_points

if TYPE_CHECKING:
    from edgeslim.analysis.errors import Mistakes
    from edgeslim.analysis.parts import PartRow, Parts

MOST_CLASSES = 20
ROW = 32
"""Pixels of a kind of mistake, or of a class: a sheet has room for two such charts."""


def lost(told: Told, seen: Seen, scenes: int = SCENES, short: bool = False) -> list[str]:
    """The images that changed most: what is true, what the original sees, what the file sees."""
    words = told.words
    boxes = "lost" in seen.changes
    parts = [heading("lost", words.t("report.lost"))]
    if not boxes:
        parts.append(paragraph(words.t("report.lost_classes", images=seen.images, touched=seen.touched)))
    elif not seen.scenes:
        parts.append(
            paragraph(words.t("report.lost_none", images=seen.images, confidence=f"{seen.confidence:g}"))
        )
    else:
        changes = words.t("choice.separator").join(
            f"{words.t(f'damage.{kind}')} {count}" for kind, count in seen.changes.items()
        )
        count = min(scenes, len(seen.scenes))
        about = words.t(
            "report.lost_shown" if count > 1 else "report.lost_one",
            confidence=f"{seen.confidence:g}",
            touched=seen.touched,
            images=seen.images,
            changes=changes,
            **({"count": count} if count > 1 else {}),
        )
        parts.append(paragraph(about))
    if boxes:
        parts += [_scene(told, seen, scene, place) for place, scene in enumerate(seen.scenes[:scenes])]
    else:
        shown = "".join(_classified(told, seen, scene) for scene in seen.scenes)
        parts.append(f'<div class="scene classified">{shown}</div>')
    return parts if short else [*parts, _compared_on(told, seen)]


def _compared_on(told: Told, seen: Seen) -> str:
    return paragraph(comparable_pair(seen.images, told.study.dataset, told.words), "small")


def _scene(told: Told, seen: Seen, scene: Scene, place: int) -> str:
    """Three pictures; the picture itself is stored once."""
    words, trial = told.words, told.trial
    assert trial is not None, "it was run"
    sides = [(words.t("trial.original"), scene.before, ACCENT), (words.numbered(trial), scene.after, LOSS)]
    figures = []
    if seen.labelled:
        known, said = _truth(told, seen, scene)
        figures.append((words.t("report.side_truth"), known, said))
    for title, prediction, color in sides:
        drawn, said = _drawn(told, seen, prediction, color)
        figures.append((title, drawn, said))
    told_of = "".join(
        f"<figure>{boxed_svg(scene.image, drawn, said, known_as=f'scene-{place}', again=number > 0)}"
        f"<figcaption>{escape(title)}{'' if drawn else f'<br><b>{escape(said)}</b>'}</figcaption></figure>"
        for number, (title, drawn, said) in enumerate(figures)
    )
    return f'<div class="scene">{told_of}</div>'


def _classified(told: Told, seen: Seen, scene: Scene) -> str:
    """An image with what is true and what each file takes it for."""
    words, trial = told.words, told.trial
    assert trial is not None, "it was run"
    sides = [(words.t("trial.original"), scene.before), (words.numbered(trial), scene.after)]
    answers = [(title, _drawn(told, seen, prediction, ACCENT)[1]) for title, prediction in sides]
    if seen.labelled:
        answers.insert(0, (words.t("report.side_truth"), _truth(told, seen, scene)[1]))
    lines = "<br>".join(f"{escape(title)}: <b>{escape(said)}</b>" for title, said in answers)
    said = words.t("choice.separator").join(f"{title} {said}" for title, said in answers)
    return f"<figure>{boxed_svg(scene.image, [], said)}<figcaption>{lines}</figcaption></figure>"


def _truth(told: Told, seen: Seen, scene: Scene) -> tuple[list[Box], str]:
    truth, words = scene.truth, told.words
    if isinstance(truth, Annotations):
        names = [_class(told, seen, int(label)) for label in truth.classes]
        boxes = [
            Box(corners, name, BUDGET_COLOR)
            for corners, name, crowd in zip(truth.boxes.tolist(), names, truth.crowd, strict=True)
            if not crowd
        ]
        return boxes, ", ".join(box.title for box in boxes) or words.t("report.sees_nothing")
    return [], DASH if truth is None else _class(told, seen, int(truth))


def _drawn(told: Told, seen: Seen, prediction: Prediction, color: str) -> tuple[list[Box], str]:
    if isinstance(prediction, Detections):
        found = prediction.from_score(seen.confidence)
        boxes = [
            Box(corners, f"{_class(told, seen, int(label))} {score:.2f}", color)
            for corners, score, label in zip(found.boxes.tolist(), found.scores, found.classes, strict=True)
        ]
        return boxes, ", ".join(box.title for box in boxes) or told.words.t("report.sees_nothing")
    if isinstance(prediction, np.ndarray):
        best = int(prediction.argmax())
        return [], f"{_class(told, seen, best)} {float(prediction[best]):.2f}"
    return [], DASH


def _class(told: Told, seen: Seen, place: int) -> str:
    """A class by its place, by its number where the model names none."""
    return told.words.class_name(seen.labels[place]) if place < len(seen.labels) else str(place)


def mistakes_and_classes(told: Told, seen: Seen) -> list[str]:
    """Nothing where nothing is known of the images."""
    found = seen.compared
    parts = [] if found.mistakes is None else _mistakes(told, seen, found.mistakes)
    return parts + ([] if found.parts is None else _classes(told, seen, found.parts))


def _mistakes(told: Told, seen: Seen, found: Mistakes) -> list[str]:
    words = told.words
    titles: dict[str, str] = {kind: words.t(f"damage.{kind}") for kind in KINDS}
    titles |= {name: words.t(f"errors.{name}") for name in TOTALS}
    sides = _sides(told)
    ap50 = [format_points(value) for value in (found.ap50.before, found.ap50.after)]
    about = words.t("errors.ap50", before=ap50[0], after=ap50[1], images=found.images)
    parts = [heading("mistakes", words.t("report.mistakes")), paragraph(f"{about}. {grown(found, words)}")]
    shown = (("costs", cost_rows(found), 1), ("counts", count_rows(found), 0))
    for name, rows, decimals in shown:
        title = words.t(f"errors.{name}", confidence=f"{found.confidence:.2f}")
        figure = rows_chart(rows, titles, sides, words.t("chart.interval"), decimals)
        figure.update_layout(height=60 + ROW * len(rows))
        drawn = plotted(f"mistakes-{name}", figure, title, _rows(told, rows, titles, decimals))
        parts.append(f'<div class="view">{paragraph(f"**{title}**")}{drawn}</div>')
    return [*parts, _compared_on(told, seen)]


def _rows(told: Told, rows: Sequence[Row], titles: dict[str, str], decimals: int) -> str:
    def text(value: float) -> str:
        return f"{value:.{decimals}f}".replace("-", MINUS)

    heads = [told.words.t("report.kind_column"), *_sides(told), told.words.t("chart.interval")]
    cells = [
        [
            titles[row.kind],
            text(row.before),
            text(row.after),
            DASH if row.ci95 is None else f"{text(row.ci95[0])} … {text(row.ci95[1])}",
        ]
        for row in rows
    ]
    return table(heads, cells)


def _classes(told: Told, seen: Seen, found: Parts) -> list[str]:
    words = told.words
    boxes = bool(found.sizes)
    titles = {label: words.class_name(label) for label in seen.labels}
    parts = [
        heading("classes", words.t("report.classes")),
        paragraph(classes_sentence(found.classes, titles, words)),
    ]
    shown = [("classes-chart", "by_class" if boxes else "recall", found.classes[:MOST_CLASSES], titles)]
    if boxes:
        sizes: dict[str, str] = {size: words.t(f"damage.{size}") for size in SIZES}
        shown.append(("sizes-chart", "by_size", found.sizes, sizes))
    for name, key, rows, named in shown:
        title = words.t(f"classes.{key}")
        safe = {row: escape(text, quote=False) for row, text in named.items()}
        figure = parts_chart(rows, safe, _sides(told))
        figure.update_layout(height=70 + ROW * len(rows), margin_b=28, margin_r=200)
        drawn = plotted(name, figure, title, _part_rows(told, rows, named))
        parts.append(f'<div class="view">{paragraph(f"**{title}**")}{drawn}</div>')
    parts.append(paragraph(words.t("classes.holm", images=found.images), "small"))
    few = few_classes(found.classes, words)
    return [*parts, *([paragraph(few, "small")] if few else []), _compared_on(told, seen)]


def _part_rows(told: Told, rows: Sequence[PartRow], titles: dict[str, str]) -> str:
    heads = [told.words.t("report.kind_column"), *_sides(told), told.words.t("sure.change")]
    cells = [
        [
            titles[row.name],
            format_points(row.change.before),
            format_points(row.change.after),
            f"{format_change(row.change.difference)} ({format_interval(row.change.ci95, signed=True)})",
        ]
        for row in rows
    ]
    return table(heads, cells)


def _sides(told: Told) -> tuple[str, str]:
    """The original and the file, as plotly takes them."""
    assert told.trial is not None, "it was run"
    return told.words.t("trial.original"), escape(told.words.numbered(told.trial), quote=False)
