"""The first screen's hero: from the original to the smallest file, picture, figures and chart move together."""

from __future__ import annotations

import streamlit as st

from edgeslim.detections import READING_SCORE, Annotations, Detections, IntArray
from edgeslim.metrics.tide import right_ones
from edgeslim.report.figure_texts import figure_texts
from edgeslim.report.findings import sentence
from edgeslim.report.info import headline
from edgeslim.report.walk import Stop, Walk, walk
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.tasks.base import Prediction
from edgeslim.ui import data
from edgeslim.ui.components.gallery import SCENES, changes, model_title, seen
from edgeslim.ui.components.words import figure_name, trial_title, words
from edgeslim.ui.picture.component import pictures
from edgeslim.ui.picture.payload import Look, StopText, WalkData
from edgeslim.ui.state import t

LOSS = 0.015
"""What a file may surely lose of the headline measure (share of 1) to be recommended."""
HEIGHT = 560
"""Pixels that the walk takes, kept free while its pictures are looked at."""
TOLD = 4
"""Scenes to choose from: those that tell most."""
LOOK = Look(confidence=READING_SCORE, view="swipe")
TICKS = tuple(step * 10**power for power in range(3, 9) for step in (1, 2, 5))
"""Bytes at which the small chart may be labelled."""


def found_walk(study: StudyResult) -> Walk | None:
    """The walk through the study's files that are here, or None if there is none to make."""
    here = tuple(trial.number for trial in study.trials if data.has_file(trial))
    found: Walk | None = data.once(walk, study, here, LOSS)
    return found


def show_walk(study: StudyResult, found: Walk, *, presenting: bool) -> None:
    """The walk, on the scenes of the gallery that tell most about it."""
    plan = data.sources(study)
    trials = [trial for stop in found.stops if (trial := study.trial(stop.number)) is not None]
    with st.skeleton(height=HEIGHT):
        places = data.once(telling, study, found)
        shown = data.pictures(plan.dataset, None, 0, SCENES)
        items = [seen(study, trials, *shown[place]) for place in places]
    pictures(
        items,
        [model_title(trial, trial_title(trial)) for trial in trials],
        data.labels(plan.model, plan.spec),
        key="walk",
        look=LOOK,
        series=" ".join(trial.sha256 or "" for trial in trials),
        walk=_data(study, found, presenting),
        on_left=_leave,
    )


def _leave() -> None:
    st.query_params.pop("present", None)


def telling(study: StudyResult, found: Walk) -> tuple[int, ...]:
    """Places in the gallery of the scenes that tell most: untouched at the first stop shown, gone blind at the last."""
    plan = data.sources(study)
    numbers = (found.stops[0].number, found.stops[found.start].number, found.stops[-1].number)
    hashes = [trial.sha256 for number in numbers if (trial := study.trial(number)) and trial.sha256]
    worth: list[tuple[float, int]] = []
    for place, (_, image, truth) in enumerate(data.pictures(plan.dataset, None, 0, SCENES)):
        views = [data.predicted(sha256, plan.model, plan.spec, image)[0] for sha256 in hashes]
        here, last = (changes(views[0], view, LOOK.confidence) for view in views[1:])
        if here is None or last is None:
            return (0,)  # a classifier: every picture tells the same kind of thing
        touched = len(here.lost) + len(here.gained) + len(here.relabelled) + len(here.moved) / 2
        blind = len(_objects(last.lost, views[0], truth)) + len(last.relabelled) / 2
        worth.append(
            ((blind - 3 * touched) * float(image.std()), place)
        )  # what has contrast is seen from afar
    best = sorted(worth, key=lambda one: (-one[0], one[1]))[:TOLD]
    return tuple(place for _, place in best)


def _objects(rows: IntArray, seen: Prediction, truth: data.Truth) -> set[int]:
    """Those of the detections that are right: what was lost of the others was a false alarm. All, without the truth."""
    if not isinstance(seen, Detections) or not isinstance(truth, Annotations):
        return set(rows.tolist())
    return {row for _, row, _ in right_ones([truth], [seen]) if row in rows}


def _data(study: StudyResult, found: Walk, presenting: bool) -> WalkData:
    sized, valued = FIGURES.get("download"), FIGURES.get(found.metric)
    sizes = [stop.download for stop in found.stops]
    step = 0.1 if min(stop.quality for stop in found.stops) < 0.6 else 0.05
    low, high = min(stop.bounds[0] for stop in found.stops), max(stop.bounds[1] for stop in found.stops)
    ticks = [step * k for k in range(int(low / step), min(int(high / step) + 2, round(1 / step) + 1))]
    return WalkData(
        stops=[_stop(study, stop) for stop in found.stops],
        start=found.start,
        others=found.others,
        x_name=figure_name(sized.name),
        y_name=figure_name(valued.name),
        x_ticks=[
            (tick, f"{tick / 1e6:g} MB" if tick >= 1e6 else f"{tick / 1e3:g} KB")
            for tick in TICKS
            if min(sizes) * 0.9 <= tick <= max(sizes) * 1.1
        ],
        y_ticks=[(tick, f"{100 * tick:.0f}") for tick in ticks[:: max(1, len(ticks) // 6)]],
        presenting=presenting,
    )


def _stop(study: StudyResult, stop: Stop) -> StopText:
    trial, found = study.trial(stop.number), headline(study, stop.number)
    assert trial is not None and found is not None, "stops are measured trials"
    return StopText(
        title=trial_title(trial),
        finding=_finding(study, trial),
        figures=figure_texts(study, stop.number, words()),
        x=stop.download,
        y=stop.quality,
        low=stop.bounds[0],
        high=stop.bounds[1],
        recommended=stop.recommended,
    )


def _finding(study: StudyResult, trial: TrialResult) -> str:
    found = headline(study, trial.number)
    if trial.number == study.baseline or found is None:
        return t("walk.original")
    return sentence(found, trial.primary_metric or "mAP", words())
