"""Words of the screens. Keys and placeholders are the same in every language; a test holds that.

The English help of a parameter stands at its declaration alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.errors import ErrorRecord
from edgeslim.report.study_words import figure_name as figure_name
from edgeslim.texts import LANGUAGES as LANGUAGES
from edgeslim.texts import Language as Language
from edgeslim.texts import class_name as class_name
from edgeslim.texts import known as known
from edgeslim.texts import locale as locale
from edgeslim.texts import nearest_language as nearest_language
from edgeslim.texts import plain as plain
from edgeslim.texts import translate as translate


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
