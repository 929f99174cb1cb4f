"""Words in every language: all that is read on a screen, in a hand-out or on a sheet to keep.

Keys and placeholders are the same in every language; a test holds that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, cast

Language = Literal["en", "zh"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "zh": "中文"}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:])")


_LOCALES = Path(__file__).parent / "ui" / "locales"


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


def told(language: Language, key: str, values: Mapping[str, object]) -> str:
    """What an error or a notice says: the text under `key`, and the `lines` of code that belong to it.

    A record of another version may have another key, or lack a value: then its key and values are told.
    """
    try:
        text = translate(language, key, **values)
        return f"{text}\n\n{values['lines']}" if "lines" in values else text
    except KeyError:
        listed = (f"{name}: {value}" for name, value in values.items())
        return translate(language, "error.untold", told="; ".join((key, *listed)))


def known(language: Language, key: str) -> bool:
    return key in locale(language)


def nearest_language(tag: str | None) -> Language:
    """The language for a browser's tag ('zh-CN', 'en-GB', None)."""
    return "zh" if (tag or "").lower().startswith("zh") else "en"


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def unescaped(text: str) -> str:
    """What `plain` has made of a text, for what is no Markdown, such as a chart."""
    return re.sub(r"\\(.)", r"\1", text)
