"""Whether images prepared in another way would give more: the usual ways, tried on a dataset."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from edgeslim import workbench
from edgeslim.measurement.preprocessing import TriedPreprocessing, Way
from edgeslim.models.base import ModelSpec
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.words import figure_name, named
from edgeslim.ui.forms import fill_spec
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import format_interval, format_points

MOST = 3
"""Ways that are offered where it is not clear which one is right."""


def hint(model: str, dataset: str, spec: ModelSpec, key: str) -> None:
    """What other ways give on the dataset, each to be put into the form; or a button that has them tried."""
    found = workbench.tried_ways(model, dataset, spec)
    if found is not None and (found.verdict == "none" or any(_alike(way.spec, spec) for way in found.ways)):
        _told(found, dataset, spec, key)
        return
    look = partial(workbench.trying_status, model, dataset, spec)
    if watched(look, t("library.trying")):
        return
    if st.button(t("library.try", data=plain(dataset)), icon=":material/tips_and_updates:"):
        workbench.begin_trying(model, dataset, spec)
        st.rerun()
    st.caption(t("library.try_about"))
    ended(look())


def _told(found: TriedPreprocessing, dataset: str, spec: ModelSpec, key: str) -> None:
    now = next((way for way in found.ways if _alike(way.spec, spec)), found.ways[0])
    measure = t("library.certainty") if found.measure == "certainty" else figure_name(found.measure)
    values = {"measure": measure, "images": found.images, "data": plain(dataset)}
    if found.verdict == "none":
        st.info(t("library.tried_none", ways=len(found.ways), **values), icon=":material/help:")
        return
    better = [way for way in found.rivals if found.chosen in (None, way.spec)][:MOST]
    if not now.clearly_worse:
        first = found.ways[0]
        key = "library.tried_first" if now is first else "library.tried_best"
        told = {"score": _score(found, now), "best": _score(found, first)}
        words = t(key, ways=len(found.ways), **told, **values)
        st.success(words, icon=":material/check_circle:")
        return
    for place, way in enumerate(better):
        gain = t(
            "library.tried_better",
            changes=changes(spec, way.spec),
            score=_score(found, way),
            former=_score(found, now),
            **values,
        )
        if now.behind_ci95 is not None and way is found.ways[0] and found.measure != "certainty":
            gain += t("library.tried_interval", interval=format_interval(now.behind_ci95, signed=True))
        st.warning(gain, icon=":material/tips_and_updates:")
        st.button(
            t("library.take"),
            icon=":material/edit_note:",
            key=f"{key}_take_{place}",
            on_click=fill_spec,
            args=(replace(spec, **_preparation(way.spec)), key),
        )


def _preparation(spec: ModelSpec) -> dict[str, Any]:
    """How images are prepared. The rest of what was tried may differ: classes without names get the data's."""
    return {part: getattr(spec, part) for part in workbench.PREPARATION}


def _alike(one: ModelSpec, other: ModelSpec) -> bool:
    return _preparation(one) == _preparation(other)


def _score(found: TriedPreprocessing, way: Way) -> str:
    return f"{way.score:.2f}" if found.measure == "certainty" else format_points(way.score)


def changes(before: ModelSpec, after: ModelSpec) -> str:
    """'Colour order BGR → RGB, scale 1 → 0.00392'."""
    told = [
        f"{t(f'spec.{part}')} {_value(part, getattr(before, part))} → {_value(part, getattr(after, part))}"
        for part in workbench.PREPARATION
        if getattr(before, part) != getattr(after, part)
    ]
    return plain(t("choice.list").join(told))


def _value(part: str, value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + " ".join(f"{each:.4g}" for each in value) + ")"
    return f"{value:.4g}" if isinstance(value, float) else named(part, str(value))
