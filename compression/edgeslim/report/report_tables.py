"""The tables of a report: the front, all trials, held-out scores, files with their hashes; and the recipe."""

from __future__ import annotations

import base64
import json

from edgeslim.report.certainty_words import (
    certainty_sentences,
    held_out_heads,
    held_out_rows,
    held_out_sentences,
)
from edgeslim.report.commands import compress_command
from edgeslim.report.comparable import comparable
from edgeslim.report.html import code, heading, paragraph, paragraphs, table
from edgeslim.report.table import shown_figures, standings
from edgeslim.report.told import Told
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.trial import TrialResult
from edgeslim.units import DASH, MILLISECONDS, format_bytes

MOST_COLUMNS = 7
"""Figures beside each other that a sheet of A4 has room for."""


def front_rows(told: Told) -> str:
    """The front as a table, for who sees no chart."""
    words, info = told.words, told.info
    axes = [info.y, info.x]
    rows = [
        [
            f"#{point.number}",
            point.title,
            *(axis.kind.text(v) for axis, v in zip(axes, (point.y, point.x), strict=True)),
        ]
        for number in info.front
        if (point := info.point(number)) is not None
    ]
    heads = ["#", words.t("report.trial_column"), *(words.figure(axis.name) for axis in axes)]
    return paragraph(words.t("report.noscript"), "small") + table(heads, rows, texts=2)


def certainty(told: Told) -> list[str]:
    study, words = told.study, told.words
    shown = None if told.trial is None else told.trial.number
    parts = [
        heading("certainty", words.t("report.certainty")),
        paragraphs(certainty_sentences(study, shown, words)),
    ]
    if study.held_out is not None and study.held_out.trials:
        parts.append(paragraph(f"**{words.t('sure.held_out', images=study.held_out.images)}**"))
        parts.append(table(held_out_heads(words), held_out_rows(study, study.held_out, words), texts=2))
    return [*parts, paragraphs(held_out_sentences(study, words))]


def trials_tables(told: Told) -> list[str]:
    """Every trial with its standing and figures; what has no room beside the others in a table of its own."""
    study, words = told.study, told.words
    names = shown_figures(study, told.info.y.name)
    figures = [FIGURES.get(name) for name in names]
    standing = standings(study, told.info, words)
    parts = [heading("trials", words.t("report.table")), paragraph(comparable(study, names, words), "small")]
    for start in range(0, len(figures), MOST_COLUMNS):
        some = figures[start : start + MOST_COLUMNS]
        heads = ["#", words.t("report.trial_column"), *[words.t("table.standing")] * (start == 0)]
        rows = [
            [
                str(trial.number),
                _title(told, trial),
                *[standing[trial.number]] * (start == 0),
                *(
                    _cell(told, figure, trial, with_bounds=start == 0 and place == 0)
                    for place, figure in enumerate(some)
                ),
            ]
            for trial in study.trials
        ]
        texts = len(heads)
        heads += [words.short(figure.name) for figure in some]
        if start == 0 and some:
            heads[texts] += f" ({words.t('chart.interval')})"
        parts.append(table(heads, rows, texts=texts))
    return parts


def _title(told: Told, trial: TrialResult) -> str:
    chosen = trial.number in (told.pick, None if told.choice is None else told.choice.runner_up)
    notes = told.notes.get(trial.number)
    star = " ★" if notes is not None and notes.star else ""
    return f"**{trial.title}**{star}" if chosen else f"{trial.title}{star}"


def _cell(told: Told, figure: Figure, trial: TrialResult, with_bounds: bool) -> str:
    text = figure.kind.text
    value, bounds = figure.value(trial, told.study.original), figure.bounds(trial)
    if value is None:
        return DASH
    shown = f"{value:.2f} ms" if figure.kind is MILLISECONDS and value >= 0.1 else text(value)
    parts = [shown, f"({text(bounds[0])} … {text(bounds[1])})"] if with_bounds and bounds else [shown]
    return " ".join(part.replace(" ", "\u00a0") for part in parts)  # a number and its unit stay together


def recipe(told: Told) -> list[str]:
    """The recipe of the file told about, as text, as a file, and the command that makes the file again."""
    trial, words = told.trial, told.words
    if trial is None or not trial.recipe.steps:
        return []
    text = json.dumps(trial.recipe.to_json(), indent=1, ensure_ascii=False)
    name = f"recipe-{trial.number}.json"
    address = f"data:application/json;base64,{base64.b64encode(text.encode()).decode()}"
    return [
        heading("recipe", f"{words.t('report.recipe')} #{trial.number}"),
        f'<p class="screen"><a download="{name}" href="{address}">{words.t("report.download")}</a></p>',
        code(text),
        paragraph(words.t("report.command", file=name)),
        code(compress_command(told.study.model, told.study.dataset, name)),
    ]


def files(told: Told) -> list[str]:
    """Hashes of all files that were measured."""
    words = told.words
    rows = [
        [
            str(trial.number),
            trial.title,
            format_bytes(trial.sizes.file if trial.sizes else None),
            trial.sha256,
        ]
        for trial in told.study.trials
        if trial.sha256 is not None
    ]
    heads = ["#", words.t("report.trial_column"), words.figure("file"), words.t("report.file_column")]
    return [
        heading("files", words.t("report.files")),
        paragraph(words.t("report.files_note"), "small"),
        table(heads, rows, kind="hashes", texts=2),
    ]
