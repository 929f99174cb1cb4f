"""The compare screen's pictures: which ones, and how each file sees them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.gallery import model_title, seen
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import class_name, numbered, trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.picture.component import look_in_address, pictures
from edgeslim.ui.picture.payload import Look
from edgeslim.ui.state import linked, one_of, t

SOURCES = ("gallery", "validation", "upload")
GRID = 12
"""Pictures at once."""
PLAIN = Look(confidence=data.PICTURE_CONFIDENCE)


def picture_source() -> str:
    """Where the pictures come from: one of `SOURCES`."""
    source: str = st.segmented_control(
        t("compare.source"),
        SOURCES,
        format_func=lambda key: t(f"compare.{key}"),
        required=True,
        **linked("from", "gallery", one_of(SOURCES), clears=("image",)),
    )
    return source


def lost_words(study: StudyResult, base: TrialResult, compared: Sequence[TrialResult]) -> str:
    """What the first of the files loses against the original, from the study's own counts; else who is compared."""
    fates = compared[0].fidelity if len(compared) == 1 and base.number == study.baseline else None
    names = t("compare.versus").join(trial_title(trial) for trial in (base, *compared))
    if not fates or "lost" not in fates:
        return plain(names)
    boxes = sum(int(fates[kind]) for kind in ("kept", "moved", "relabelled", "lost"))
    return t(
        "compare.finding" if fates["lost"] else "compare.finding_nothing",
        title=plain(trial_title(compared[0])),
        lost=int(fates["lost"]),
        boxes=boxes,
        images=study.images,
    )


def comparison(study: StudyResult, trials: Sequence[TrialResult], source: str) -> None:
    """Pictures from `source` as the original, which comes first, and the other files see them."""
    if source == "upload":
        _uploaded(study, trials)
    else:
        _looked_through(study, trials, "validation" if source == "validation" else None)


@st.fragment
def _looked_through(study: StudyResult, trials: Sequence[TrialResult], split: data.SplitName | None) -> None:
    """A series of the dataset's pictures: the one looked at and the next, or all of a grid."""
    with boundary():
        dataset = data.sources(study).dataset
        total = data.picture_count(dataset, split)
        look = look_in_address(PLAIN, total)
        first, count = (look.picture // GRID * GRID, GRID) if look.grid else (look.picture, 2)
        _show(study, trials, data.pictures(dataset, split, first, count), look, first, total, str(split))


def _uploaded(study: StudyResult, trials: Sequence[TrialResult]) -> None:
    given = st.file_uploader(
        t("compare.own"),
        type=["png", "jpg", "jpeg", "webp", "bmp"],
        key="own_image",
        help=t("compare.own_help"),
    )
    if given is None:
        return
    with boundary():
        image = workbench.read_image(given.getvalue(), given.name)
        look = look_in_address(PLAIN, 1)
        _show(study, trials, [(given.name, image, None)], look, 0, 1, given.file_id)


def _show(
    study: StudyResult,
    trials: Sequence[TrialResult],
    found: Sequence[data.Picture],
    look: Look,
    first: int,
    total: int,
    series: str,
) -> None:
    plan = data.sources(study)
    items = [seen(study, trials, *picture) for picture in found]
    pictures(
        items,
        [model_title(trial, numbered(trial)) for trial in trials],
        [class_name(label) for label in data.labels(plan.model, plan.spec)],
        key="compared",
        look=look,
        plain=PLAIN,
        series=" ".join([study.name, series, *(trial.sha256 or "" for trial in trials)]),
        first=first,
        total=total,
    )
