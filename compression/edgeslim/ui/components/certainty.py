"""How sure a study is: what cannot be told apart, seeds, noise, and the scores on held-out images."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from edgeslim.report.certainty_words import (
    certainty_sentences,
    held_out_heads,
    held_out_rows,
    held_out_sentences,
)
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import words
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, t


def certainty(study: StudyResult, shown: int | None) -> None:
    """All that is to be known before one file is called better than another; `shown` is the trial looked at."""
    for told in data.once(_paragraphs, study, language(), shown):
        st.markdown(told)
    if study.held_out is not None and study.held_out.trials:
        st.markdown(f"**{t('sure.held_out', images=study.held_out.images)}**", help=t("sure.held_out_help"))
        rows = held_out_rows(study, study.held_out, words())
        st.dataframe(
            pd.DataFrame(rows, columns=held_out_heads(words())).astype({"#": int}),
            hide_index=True,
            key="held_out_scores",
        )
    for told in held_out_sentences(study, words()):
        st.markdown(told)


def _paragraphs(study: StudyResult, language: Language, shown: int | None) -> list[str]:
    """The sentences, those of a list in one piece."""
    found: list[str] = []
    for told in certainty_sentences(study, shown, words()):
        if told.startswith("- ") and found and found[-1].startswith("- "):
            found[-1] += f"\n{told}"
        else:
            found.append(told)
    return found
