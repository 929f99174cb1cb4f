"""Words of the screens. Keys and placeholders are the same in every language; a test holds that.

The English help of a parameter stands at its declaration alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, cast

from edgeslim.errors import ErrorRecord
from edgeslim.studies.figures import FIGURES

Language = Literal["en", "zh"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "zh": "中文"}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:])")


_LOCALES = Path(__file__).parent / "locales"


@cache
def locale(language: Language) -> Mapping[str, str]:
    """All texts of a language by key; each lesson brings its own file."""
    lessons = sorted(_LOCALES.glob(f"lessons/*.{language}.json"))
    texts = dict(_read(f"{language}.json"))
    for path in lessons:
        texts |= _read(f"lessons/{path.name}")
    return texts


_BETWEEN_CHINESE = re.compile("(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
"""Chinese words follow each other without a space; a value may be Chinese or not, and only beside Latin is there one."""


@cache
def _classes(language: Language) -> Mapping[str, str]:
    """Names of classes, by their English ones. Where there is no file, those are the language's own."""
    return _read(f"classes.{language}.json") if language != "en" else {}


def _read(name: str) -> Mapping[str, str]:
    return cast(dict[str, str], json.loads((_LOCALES / name).read_text(encoding="utf-8")))


def class_name(language: Language, label: str) -> str:
    """A class of the usual sets in words; any other label stays as it is, with spaces."""
    words = label.replace("_", " ")
    return _classes(language).get(words.replace(" ", "_").lower(), words)


def translate(language: Language, key: str, /, **values: object) -> str:
    """The text under `key`, its placeholders filled. A missing key is a programming error."""
    text = locale(language)[key].format(**values)
    return _BETWEEN_CHINESE.sub("", text) if language == "zh" and values else text


def known(language: Language, key: str) -> bool:
    return key in locale(language)


def nearest_language(tag: str | None) -> Language:
    """The language for a browser's tag ('zh-CN', 'en-GB', None)."""
    return "zh" if (tag or "").lower().startswith("zh") else "en"


def error_text(language: Language, error: ErrorRecord, prefix: str = "error") -> str:
    """An error as a sentence: translated by its code, else its own English words.

    Values may hold what a user typed, so they are made safe for Markdown; names of steps are translated.
    """
    key = f"{prefix}.{error.code}"
    if known(language, key):
        try:
            return translate(language, key, **_named(language, error.values))
        except KeyError:
            pass  # raised without a value the sentence needs: its own words are better than none
    return plain(f"{error.problem} {error.remedy}".strip())


def _named(language: Language, values: Mapping[str, str]) -> dict[str, str]:
    """Values as a sentence shows them: steps, parameters, splits and figures by their names, the rest as it is."""
    keys = {
        "step": f"step.{values.get('step')}",
        "after": f"step.{values.get('after')}",
        "parameter": f"step.{values.get('step')}.{values.get('parameter')}",
        "kind": f"kind.{values.get('kind')}",
        "split": f"split.{values.get('split')}",
    }
    words = {name: _word(language, keys.get(name, ""), value) for name, value in values.items()}
    for name in {"given", "qualities", "costs", "objective"} & set(values):
        listed = (figure_name(language, figure) for figure in values[name].split(", "))
        words[name] = translate(language, "choice.list").join(listed)
    if "repaired" in values:
        steps = values["repaired"].split(", ")
        words["repaired"] = " → ".join(_word(language, f"step.{step}", step) for step in steps)
    return words


def _word(language: Language, key: str, value: str) -> str:
    return translate(language, key) if known(language, key) else plain(value)


def figure_name(language: Language, name: str) -> str:
    """A figure's name in words: the locale's under 'axis.<name>', else as it was declared; with its runtime."""
    base, _, runtime = name.partition(".")
    words = _word(language, f"axis.{base}", FIGURES.get(base).label if base in FIGURES else base)
    return (
        translate(language, "figure.in_runtime", figure=words, runtime=plain(runtime)) if runtime else words
    )


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", text)
