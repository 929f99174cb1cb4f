"""A trial's size waterfall on the screen: where the bytes went, and the memory that it needs while running."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from edgeslim.records import zstd_level
from edgeslim.report.waterfall import Level, Waterfall, waterfall, waterfall_chart
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import step_name
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, t
from edgeslim.units import DASH, format_bytes, format_factor, format_share

CONFIG = {"displayModeBar": False}


def size_waterfall(study: StudyResult, number: int) -> None:
    """The levels from the original's parameters to the entropy bound, what they save in words, and the memory."""
    found = data.once(_waterfall, study, number)
    if found is None:
        return
    st.markdown(f"**{t('waterfall.title')}**", help=t("waterfall.help"))
    st.markdown(_saving(found))
    st.plotly_chart(data.once(_chart, study, language(), number), key="waterfall", config=CONFIG)
    if found.memory is None or number == study.baseline:
        return
    st.markdown(f"**{t('waterfall.memory')}**", help=t("waterfall.memory_help"))
    st.markdown(_memory(*found.memory))
    chart = data.once(_memory_chart, study, language(), number)
    st.plotly_chart(chart, key="waterfall_memory", config=CONFIG)


def _waterfall(study: StudyResult, number: int) -> Waterfall | None:
    trial = study.trial(number)
    here = trial is not None and data.has_file(trial)
    stored = data.stored_bytes(trial.sha256) if here and trial is not None and trial.sha256 else None
    return waterfall(study, number, data.steps(), stored)


def _chart(study: StudyResult, language: Language, number: int) -> go.Figure:
    found = data.once(_waterfall, study, number)
    assert found is not None, "else nothing is drawn"
    return waterfall_chart(found.levels, [_title(level, found) for level in found.levels])


def _memory_chart(study: StudyResult, language: Language, number: int) -> go.Figure:
    found = data.once(_waterfall, study, number)
    assert found is not None and found.memory is not None, "else nothing is drawn"
    rows = [Level("memory", value, True) for value in found.memory]
    names = [f"<b>{t(f'waterfall.{key}')}</b>" for key in ("memory_original", "memory_this")]
    return waterfall_chart(rows, names)


def _title(level: Level, found: Waterfall) -> str:
    """The level, what made it, and how it is known: 'ONNX file', and below 'Static int8 · with the graph'."""
    bits = f"{found.bits:.1f}" if found.bits is not None else DASH
    packed = zstd_level(next(each.bytes for each in found.levels if each.name == "file"))
    note = t(f"waterfall.note_{level.name}", bits=bits, level=packed)
    by = " → ".join(step_name(step) for step in level.by)
    return f"<b>{t(f'waterfall.{level.name}')}</b><br>{f'{by} · ' if by else ''}{note}"


def _saving(found: Waterfall) -> str:
    before, after = found.download
    kind = "same" if after == before else "smaller" if after < before else "larger"
    times = format_factor(before / after).rstrip("×")
    words = t(f"waterfall.{kind}", before=format_bytes(before), after=format_bytes(after), times=times)
    if any(level.name == "nonzero" for level in found.levels):
        words += t("choice.stop")[1:] + t("waterfall.zeros", share=format_share(found.zeros))
    return words


def _memory(before: int, after: int) -> str:
    kind = "same" if after == before else "less" if after < before else "more"
    return t(f"waterfall.memory_{kind}", before=format_bytes(before), after=format_bytes(after))
