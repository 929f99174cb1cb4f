"""The weights of files, looked at in a process of its own, once for everybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from edgeslim import workbench
from edgeslim.analysis.layer_weights import FileWeights, WeightNoise
from edgeslim.analysis.results import Inside
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.errands import await_errand
from edgeslim.ui.state import t

MOST_KEPT = 64
PROBE_BITS = 4.0
"""Width at which layers' sensitivities are compared."""
T = TypeVar("T", FileWeights, WeightNoise, Inside)


def kept_weights(sha256: str) -> FileWeights | None:
    """The weights of a file, if anybody has had them looked at."""
    return _remembered((sha256,), lambda: workbench.layer_weights(sha256))


def kept_noise(before: str, after: str) -> WeightNoise | None:
    """How far a file's weights are from another one's, if anybody has had both looked at."""
    return _remembered((before, after), lambda: workbench.weight_noise(before, after))


def kept_inside(study: StudyResult) -> Inside | None:
    """What the study's model was found to be inside, if anybody has had it looked into (`inside`)."""
    asked = data.once(workbench.look_asked, study, data.sources(study))
    return _remembered((asked.key,), lambda: workbench.inside(asked))


def kept_sensitivity(study: StudyResult) -> dict[str, float]:
    """How sensitive the outputs are to each layer of the study's model, by the layer's name; empty until it was
    measured (`inside`)."""
    found = kept_inside(study)
    if found is None:
        return {}
    measured = [each for each in found.sensitivity.techniques if each.technique == "low_bit_weights"]
    values = {each.strength: each.values for each in measured}.get(PROBE_BITS, {})
    return {name.removesuffix(".weight"): error for name, error in values.items() if isinstance(error, float)}


def look_at(who: str, sha256: str, before: str) -> None:
    """Have the weights looked at, and show how far that is; the page is drawn anew once it is done."""
    await_errand(
        partial(workbench.weights_status, sha256, before),
        partial(workbench.look_at_weights, who, sha256, before),
        t("layer.looking"),
        key="look_again",
    )


def _remembered(key: tuple[str, ...], read: Callable[[], T | None]) -> T | None:
    memory = _memory()
    found: T | None = memory.get(key) or read()
    if found is not None:
        memory[key] = found
        for old in list(memory)[:-MOST_KEPT]:
            memory.pop(old, None)  # another visitor may have done so
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def _memory() -> dict[tuple[str, ...], Any]:
    return {}
