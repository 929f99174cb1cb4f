"""'What I predicted and what was true': a page to keep, as one HTML file that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from edgeslim.lessons.base import Experiment
from edgeslim.lessons.predictions import Answer
from edgeslim.report.lesson_axes import Drawing
from edgeslim.report.lesson_reveal import beside_truth
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.paper import page
from edgeslim.texts import Language, translate


@dataclass(frozen=True, slots=True)
class Entry:
    """A prediction that was revealed."""

    lesson: str
    experiment: type[Experiment]
    given: Answer
    truth: Answer
    interval: tuple[float, float] | None
    right: bool


def sheet_html(entries: Sequence[Entry], language: Language) -> str:
    """All of them, in the order given, with the truth beside each."""

    def t(key: str, **values: object) -> str:
        return escape(translate(language, key, **values))

    parts = [f"<h1>{t('learn.sheet')}</h1>", f"<p>{_count(entries, language)}</p>"]
    for number, entry in enumerate(entries):
        words = LessonWords(language, entry.lesson)
        if not number or entries[number - 1].lesson != entry.lesson:
            parts.append(f"<h2>{escape(words.say('title'))}</h2>")
        parts.append(f"<h3>{escape(words.say(f'{entry.experiment.name}.title'))}</h3>")
        parts.append(f"<p>{escape(words.say(f'{entry.experiment.name}.ask'))}</p>")
        parts.append(f"<p><strong>{t('learn.right' if entry.right else 'learn.other')}</strong></p>")
        parts.append(beside_truth(entry.experiment, entry.given, entry.truth, entry.interval, Drawing(words)))
    return page(translate(language, "learn.sheet"), language, "".join(parts))


def _count(entries: Sequence[Entry], language: Language) -> str:
    right = sum(entry.right for entry in entries)
    return escape(translate(language, "learn.sheet_count", right=right, total=len(entries)))
