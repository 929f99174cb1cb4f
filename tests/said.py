"""Sentences of errors."""

from edgeslim.errors import EdgeSlimError
from edgeslim.texts import LANGUAGES, translate


def said(error: EdgeSlimError) -> str:
    """Its English sentence. KeyError if its code has none in some language, or one that needs a value it lacks."""
    return {language: translate(language, f"error.{error.code}", **error.values) for language in LANGUAGES}[
        "en"
    ]
