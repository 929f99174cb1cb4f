"""The compare screen's pictures: which ones, and how each file sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import READING_SCORE
from edgeslim.metrics.fidelity import CONFIDENCE
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.bringing import at_machine, most_megabytes
from edgeslim.ui.components.folder import asked_folder, left_out
from edgeslim.ui.components.gallery import model_title, seen
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.words import class_name, numbered, trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.picture.component import look_in_address, page_of, pictures
from edgeslim.ui.picture.payload import Look
from edgeslim.ui.state import linked, one_of, t
from edgeslim.workbench.datasets import Pictures

SOURCES = ("gallery", "validation", "upload", "camera", "folder")
GRID = 12
"""Pictures at once."""
NAMED = 5
"""So many unreadable pictures are told by name."""
HEIGHT = 420
"""Pixels kept free while the files run on the pictures."""
PLAIN = Look(confidence=READING_SCORE)


def picture_source() -> str:
    """Where the pictures come from: one of `SOURCES`."""
    offered = [source for source in SOURCES if source != "folder" or at_machine()]
    source: str = st.segmented_control(
        t("compare.source"),
        offered,
        format_func=lambda key: t(f"compare.{key}"),
        required=True,
        **linked("from", "gallery", one_of(offered), clears=("image",)),
    )
    return source


def lost_words(study: StudyResult, base: TrialResult, compared: Sequence[TrialResult]) -> str:
    """What the first of the files loses against the original, from the study's own counts and with their score, which
    is another than the pictures begin with; else who is compared."""
    own = len(compared) == 1 and study.baseline == base.number and compared[0].number >= 0
    fates = compared[0].fidelity if own else None
    others = t("choice.list").join(trial_title(trial) for trial in compared)
    names = t("compare.versus", first=others, second=trial_title(base)) if compared else trial_title(base)
    if not fates or "lost" not in fates:
        return plain(names)
    boxes = sum(int(fates[kind]) for kind in ("kept", "moved", "relabelled", "lost"))
    return t(
        "compare.finding" if fates["lost"] else "compare.finding_nothing",
        title=plain(trial_title(compared[0])),
        lost=int(fates["lost"]),
        boxes=boxes,
        images=study.images,
        confidence=f"{CONFIDENCE:.2f}",
    )


def comparison(study: StudyResult, trials: Sequence[TrialResult], source: str) -> None:
    """Pictures from `source` as the original, which comes first, and the other files see them."""
    dataset = data.sources(study).dataset
    if source == "upload":
        _uploaded(study, trials)
    elif source == "camera":
        shot = st.camera_input(t("compare.camera"), help=t("compare.camera_help"))
        if shot is not None:
            _own(study, trials, [(shot.getvalue(), t("compare.camera"))], shot.file_id)
    elif source == "folder":
        folder = asked_folder("pictures_folder")
        if folder:
            with boundary():
                left_out(folder)
            _looked_through(study, trials, folder, None)
    else:
        _looked_through(study, trials, dataset, "validation" if source == "validation" else None)


@st.fragment
def _looked_through(
    study: StudyResult, trials: Sequence[TrialResult], dataset: str, split: data.SplitName | None
) -> None:
    """A series of the dataset's pictures: the one looked at and the next, or all of a grid."""
    with boundary():
        every, broken = data.picture_count(dataset, split), data.unreadable(dataset, split)
        found = None
        while found is None:  # what cannot be read is not counted: the others move up
            total = every - len(broken)
            look = look_in_address(PLAIN, total)
            first, count = page_of(look, GRID)
            found = data.readable_pictures(dataset, split, first, count)
        if broken:
            listed = [
                plain(PurePath(problem.values["image"]).name) for problem in list(broken.values())[:NAMED]
            ]
            more = " …" if len(broken) > NAMED else ""
            told = t("compare.unreadable", count=len(broken), names=t("choice.list").join(listed) + more)
            st.warning(told, icon=":material/broken_image:")
        if found or not broken:
            _show(study, trials, found, look, first, total, f"{dataset} {split} {len(broken)}")


def _uploaded(study: StudyResult, trials: Sequence[TrialResult]) -> None:
    given = st.file_uploader(
        t("compare.own"),
        type=["png", "jpg", "jpeg", "webp", "bmp", "gif"],
        accept_multiple_files=True,
        key="own_images",
        help=t("compare.own_help"),
        max_upload_size=most_megabytes(),
    )
    if not given:
        st.caption(t("compare.own_empty"))
        return
    _own(study, trials, [(one.getvalue(), one.name) for one in given], " ".join(one.file_id for one in given))


@st.cache_data(max_entries=4, ttl=600, show_spinner=False)
def _read(files: tuple[tuple[bytes, str], ...]) -> Pictures:
    return workbench.read_pictures(files)


def _own(
    study: StudyResult, trials: Sequence[TrialResult], files: Sequence[tuple[bytes, str]], series: str
) -> None:
    """Pictures and frames that the visitor brought, as a strip; which of them cannot be read stands above it."""
    with boundary():
        given = _read(tuple(files))
        for problem in given.left_out:
            show(problem)
        found = given.images
        if not found:
            return
        look = look_in_address(PLAIN, len(found))
        first, count = page_of(look, GRID)
        part: list[data.Picture] = [(name, image, None) for name, image in found[first : first + count]]
        _show(study, trials, part, look, first, len(found), series)


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
    with st.skeleton(height=HEIGHT):
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
