"""A study as a document to take home: one HTML file that needs nothing from outside, alive on a screen, whole on A4."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim import __version__
from edgeslim.report.charts import TEXTS, View, pareto_chart
from edgeslim.report.comparable import comparable
from edgeslim.report.figure_texts import figure_texts
from edgeslim.report.findings import choice_lines, finding, pinned
from edgeslim.report.front_view import chart_labels, usual_axes
from edgeslim.report.html import heading, paragraph, paragraphs
from edgeslim.report.paper import page
from edgeslim.report.pareto import pareto_info
from edgeslim.report.plotted import plotted, policy, scripts
from edgeslim.report.report_method import again, method
from edgeslim.report.report_style import REPORT_STYLE
from edgeslim.report.report_tables import certainty, files, front_rows, recipe, trials_tables
from edgeslim.report.report_views import lost, mistakes_and_classes
from edgeslim.report.seen import Seen
from edgeslim.report.settings import ReportSettings, choice_of, pick_of, trial_of
from edgeslim.report.study_words import Amounts, StudyWords
from edgeslim.report.told import Told
from edgeslim.studies.figures import runtimes_of
from edgeslim.studies.notes import TrialNotes
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


def report_html(
    study: StudyResult,
    settings: ReportSettings,
    seen: Seen | None,
    notes: Mapping[int, TrialNotes],
    amounts: Amounts,
) -> str:
    """The document; `seen` is what its file and the original see, None where they are not here.

    The same study, settings and predictions give the same text.
    """
    words = StudyWords(settings.language, amounts, safe=str)
    named = words.titled(study)
    x, y, third = usual_axes(named)
    choice, pick = choice_of(named, settings), pick_of(named, settings)
    info = pareto_info(
        named, x, y, settings.budget, third=third, recommended=pick_of(named, ReportSettings())
    )
    told = Told(
        study=named,
        settings=settings,
        words=words,
        choice=choice,
        pick=pick,
        trial=trial_of(named, settings),
        info=info,
        notes=notes,
    )
    parts = _short(told, seen) if settings.short else _full(told, seen)
    title = words.t("report.title", study=study.name)
    return page(
        title,
        settings.language,
        "".join(parts),
        style=REPORT_STYLE,
        policy=policy(),
        scripts=scripts(),
    )


def _full(told: Told, seen: Seen | None) -> list[str]:
    t = told.words.t
    parts = [_head(told), *_choice(told), heading("front", t("report.front")), _front(told, 400)]
    parts.append(paragraph(t("report.front_note"), "small"))
    if seen is not None:
        parts += [*lost(told, seen), *mistakes_and_classes(told, seen)]
    elif told.trial is not None and told.trial.number != told.study.baseline:
        parts.append(paragraph(t("report.no_files"), "small"))
    parts += [*certainty(told), *trials_tables(told), *method(told, seen), *recipe(told), *files(told)]
    return [*parts, *again(told)]


def _short(told: Told, seen: Seen | None) -> list[str]:
    """One page: what was found, what to take, the front, and one picture."""
    t = told.words.t
    parts = [_head(told), *_choice(told), _front(told, 290)]
    if seen is not None:
        parts += lost(told, seen, scenes=1, short=True)
    parts.append(
        paragraph(
            told.words.sentences([t("report.in_full"), t("report.written_by", version=__version__)]), "small"
        )
    )
    return [f'<div class="short">{"".join(parts)}</div>']


def _head(told: Told) -> str:
    study, words = told.study, told.words
    about = words.t(
        "report.about",
        study=study.name,
        model=study.model,
        dataset=study.dataset,
        files=sum(trial.measured for trial in study.trials),
        images=study.images or 0,
    )
    parts = [heading("finding", finding(study, told.choice, words), 1), paragraph(about, "small")]
    if study.state != "complete":
        parts.append(paragraph(words.t("report.state", state=words.t(f"state.{study.state}"))))
    return "".join(parts)


def _choice(told: Told) -> list[str]:
    """What to take and why; then the file told about, in four figures."""
    study, words, trial = told.study, told.words, told.trial
    lines = choice_lines(study, told.choice, told.settings.budget, words)
    if not told.settings.budget:
        lines.append(words.t("report.no_limits"))
    if not lines or (told.choice is not None and told.pick is None and study.state != "complete"):
        lines = [words.t("choice.not_yet")]
    parts = [heading("choice", words.t("report.choice")), paragraphs(lines)]
    if trial is None:
        return parts
    if told.pick is not None and trial.number != told.pick:
        parts.append(paragraph(words.t("front.looking_at", shown=trial.number, pick=told.pick)))
    told_of = f"**{words.t('report.looked_at', title=words.numbered(trial))}**"
    if trial.recipe.steps:
        told_of += f" {words.steps(trial.recipe)}"
    parts += [paragraph(told_of), _tiles(told, trial)]
    if told.settings.short:
        return parts  # the chart says with what they may be compared
    primary = [] if trial.primary_metric is None else [trial.primary_metric]
    caption = comparable(study, ["latency", *primary], words)
    return [*parts, paragraph(caption, "small")]


def _tiles(told: Told, trial: TrialResult) -> str:
    tiles = []
    for each in figure_texts(told.study, trial.number, told.words):
        change = f'<div class="{each.tone or "even"}">{paragraph(each.change)}</div>' if each.change else ""
        note = paragraph(each.note, "small") if each.note else ""
        tiles.append(
            f'<div class="tile">{paragraph(each.label, "small")}<b>{each.value}</b>{change}{note}</div>'
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _front(told: Told, height: int) -> str:
    """The chart with all its error bars, and with what it may be compared."""
    study, words, info = told.study, told.words, told.info
    starred = tuple(number for number, each in sorted(told.notes.items()) if each.star)
    pins = pinned(study, told.choice, told.settings.budget, words, starred)
    figure = pareto_chart(
        info,
        words.chart(TEXTS, runtimes_of(study.trials)),
        labels=chart_labels(info, study.baseline, pins, words),
        selected=told.settings.trial,
        view=View(near=True, bars=True),
        height=height,
    )
    said = words.t("report.front_alt", x=words.figure(info.x.name), y=words.figure(info.y.name))
    shown = [info.x.name, info.y.name, *([] if info.third is None else [info.third.name])]
    return plotted("front-chart", figure, said, front_rows(told)) + paragraph(
        comparable(study, shown, words), "small"
    )
