"""Words of the screens. Keys and placeholders are the same in every language; a test holds that.

The English help of a parameter stands at its declaration alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.errors import ErrorRecord, Notice
from edgeslim.report.study_words import figure_name as figure_name
from edgeslim.texts import LANGUAGES as LANGUAGES
from edgeslim.texts import Language as Language
from edgeslim.texts import class_name as class_name
from edgeslim.texts import known as known
from edgeslim.texts import locale as locale
from edgeslim.texts import nearest_language as nearest_language
from edgeslim.texts import plain as plain
from edgeslim.texts import told
from edgeslim.texts import translate as translate


def error_text(language: Language, error: ErrorRecord | Notice) -> str:
    """An error or a warning as a sentence.

    Values may hold what a user typed, so they are made safe for Markdown; names of steps are translated.
    """
    key = f"{'notice' if isinstance(error, Notice) else 'error'}.{error.code}"
    try:
        return translate(language, key, **_named(language, error.values))
    except KeyError:
        return plain(told(language, key, error.values))


def _named(language: Language, given: Mapping[str, object]) -> dict[str, str]:
    """Values as a sentence shows them: steps, parameters, splits and figures by their names, the rest as it is."""
    values = {name: str(value) for name, value in given.items()}
    keys = {
        "step": f"step.{values.get('step')}",
        "after": f"step.{values.get('after')}",
        "parameter": f"step.{values.get('step')}.{values.get('parameter')}",
        "kind": f"kind.{values.get('kind')}",
        "split": f"split.{values.get('split')}",
    }
    words = {name: _word(language, keys.get(name, ""), value) for name, value in values.items()}
    for name in {"given", "qualities", "costs", "objective", "metric"} & set(values):
        listed = (figure_name(language, figure) for figure in values[name].split(", "))
        words[name] = translate(language, "choice.list").join(listed)
    if "repaired" in values:
        steps = values["repaired"].split(", ")
        words["repaired"] = " → ".join(_word(language, f"step.{step}", step) for step in steps)
    return words


def _word(language: Language, key: str, value: str) -> str:
    return translate(language, key) if known(language, key) else plain(value)
