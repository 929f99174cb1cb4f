"""A lesson on paper: first what is asked, with room to predict; then, on a page of its own, what is true and why.

One HTML file that needs nothing from outside and prints to A4.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from edgeslim.lessons.base import Experiment, Lesson, Outcome, values_of
from edgeslim.lessons.predictions import Answer, Choice, Curve, Number
from edgeslim.lessons.views import Axis, Scenes
from edgeslim.report.lesson_axes import WIDTHS, Drawing, Limit, tick, x_axis
from edgeslim.report.lesson_reveal import curve_alone
from edgeslim.report.lesson_scenes import Look, scenes_html
from edgeslim.report.lesson_views import views_html
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.paper import page
from edgeslim.report.svg import Scale, line, text, ticks, whole
from edgeslim.texts import Language


def handout_html(
    lesson: Lesson,
    outcomes: Mapping[type[Experiment], Outcome],
    truths: Mapping[type[Experiment], Answer],
    language: Language,
    look: Look,
    limit: Limit | None = None,
) -> str:
    """The document; `outcomes` are those of the defaults, `truths` what came true of the predictions. Experiments
    without an outcome are only asked."""
    words = LessonWords(language, lesson.name)
    drawing = Drawing(words, limit)
    asked = "".join(_asked(one, drawing) for one in lesson.experiments)
    shown = "".join(
        _shown(one, outcomes[one], truths.get(one), drawing, look)
        for one in lesson.experiments
        if one in outcomes
    )
    questions = "".join(
        f"<section><p><strong>{_say(words, f'{each.name}.ask')}</strong></p>"
        f"{_options([words.say(f'{each.name}.{option}') for option in each.options])}</section>"
        for each in lesson.questions
    )
    body = (
        f"<h1>{_say(words, 'title')}</h1>{_text(words.say('idea'))}"
        f"<h2>{_t(words, 'learn.paper_predict')}</h2>{asked}"
        f"<h2>{_t(words, 'learn.questions')}</h2>{questions}"
        f'<h2 class="apart">{_t(words, "learn.paper_true")}</h2>{shown}'
        f"<h2>{_t(words, 'learn.why')}</h2>{_text(words.say('why'))}"
        f"<h2>{_t(words, 'learn.paper_answers')}</h2>{_answers(lesson, words)}"
        f"<h2>{_t(words, 'learn.field')}</h2>{_text(words.say('field'))}{_sources(lesson)}"
    )
    return page(words.say("title"), language, body)


def _asked(one: type[Experiment], drawing: Drawing) -> str:
    words, predicted = drawing.words, one.predicts
    if predicted is None:
        return ""
    parts = [f"<h3>{_say(words, f'{one.name}.title')}</h3>", _text(words.say(f"{one.name}.ask"))]
    if isinstance(predicted, Choice):
        parts.append(_options([words.answer(one, option) for option in predicted.options]))
    elif isinstance(predicted, Number):
        low, high = (words.amount(predicted.unit.unit, end) for end in (predicted.low, predicted.high))
        told = words.t("learn.paper_number", what=words.axis(predicted.unit), low=low, high=high)
        parts.append(f'<div class="write">{escape(told)}</div>')
    else:
        parts.append(f'<div class="drawn"><figure>{_sheet(one, predicted, drawing)}</figure></div>')
    return f"<section>{''.join(parts)}</section>"


def _sheet(one: type[Experiment], predicted: Curve, drawing: Drawing) -> str:
    """An empty sheet to draw a curve on."""
    words, width, height = drawing.words, WIDTHS[1], 300.0
    control = next(each for each in one.controls() if each.name == predicted.along)
    names = [words.value(one.name, control, value) for value in values_of(control)]
    up = Scale(predicted.low, predicted.high, height - 52, 30)
    across = Scale(0, max(1, len(names) - 1), 60, width - 24)
    parts = [text(2, 15, words.axis(predicted.unit))]
    for value in ticks(up, 5):
        parts.append(line(48, up(value), width - 6, up(value), opacity=0.3))
        parts.append(text(42, up(value) + 5, tick(predicted.unit.unit, value), "end"))
    parts += [line(across(place), 30, across(place), height - 50, opacity=0.3) for place in range(len(names))]
    parts += x_axis(Axis(name=words.control(one.name, control)), across, height, drawing, names)
    return whole(width, height, words.axis(predicted.unit), parts)


def _shown(
    one: type[Experiment], outcome: Outcome, truth: Answer | None, drawing: Drawing, look: Look
) -> str:
    words = drawing.words
    views = "".join(
        f'<div class="drawn">{scenes_html(view, words, look)}</div>'
        if isinstance(view, Scenes)
        else views_html([view], drawing)
        for view in outcome.views
    )
    return (
        f"<h3>{_say(words, f'{one.name}.title')}</h3>{_true(one, truth, drawing)}"
        f"{_text(words.result(one.name, outcome))}{views}"
        f'<p class="small">{escape(words.measured_on(outcome.on))}</p>'
    )


def _true(one: type[Experiment], truth: Answer | None, drawing: Drawing) -> str:
    """What came true of the prediction: a line of words, or the curve."""
    if truth is None:
        return ""
    if isinstance(one.predicts, Curve):
        return curve_alone(one, truth, drawing, of="truth")
    words = drawing.words
    told = words.t("room.line", what=words.t("room.truth"), answer=words.answer(one, truth))
    return f'<p class="told"><strong>{escape(told)}</strong></p>'


def _answers(lesson: Lesson, words: LessonWords) -> str:
    parts = []
    for each in lesson.questions:
        told = "".join(
            f"<li>{_say(words, f'{each.name}.{option}')}<br>{_say(words, f'{each.name}.{option}_why')}</li>"
            for option in each.options
        )
        parts.append(
            f"<section><p><strong>{_say(words, f'{each.name}.ask')}</strong></p><ul>{told}</ul></section>"
        )
    return "".join(parts)


def _sources(lesson: Lesson) -> str:
    listed = "".join(
        f'<li>{escape(one.title)}<br><a href="{escape(one.url)}">{escape(one.url)}</a></li>'
        for one in lesson.sources
    )
    return f'<ul class="small">{listed}</ul>'


def _options(options: list[str]) -> str:
    return f'<ul class="options">{"".join(f"<li>{escape(each)}</li>" for each in options)}</ul>'


def _text(words: str) -> str:
    """Paragraphs; of Markdown, lessons use only the empty line between them."""
    return "".join(f"<p>{escape(part)}</p>" for part in words.split("\n\n"))


def _say(words: LessonWords, part: str) -> str:
    return escape(words.say(part))


def _t(words: LessonWords, key: str) -> str:
    return escape(words.t(key))
