"""The damage gallery: every box that a file lost, gained, moved or relabelled, or every mistake it makes, as a crop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import READING_SCORE, Annotations, Detections
from edgeslim.metrics.tide import KINDS, SIZES
from edgeslim.report.damage import CHANGES, Filter, Finding, fates, tally, verdicts
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.changed_classes import changed_classes
from edgeslim.ui.components.damage_filters import chips, class_choice, nothing_left, place_of, seen_choice
from edgeslim.ui.components.damage_images import damage_images
from edgeslim.ui.components.damage_words import crop_title, finding_words
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.seen import all_predictions, scored
from edgeslim.ui.components.words import class_name, numbered
from edgeslim.ui.picture.component import look_in_address, page_of, pictures
from edgeslim.ui.picture.payload import Focus, Item, Look, ModelTitle, without_crowds
from edgeslim.ui.state import linked, number_in, one_of, t

GRID = 24
"""Crops at once."""
AGAINST = ("original", "truth")
SIDES = ("original", "compressed")


def damage(study: StudyResult, before: TrialResult, after: TrialResult, title: Callable[[str], None]) -> None:
    """What a file changes against another file, or how either is wrong; `title` is told what was found."""
    with boundary():
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
        images = damage_images(study, row)
        if images is None:
            return
        if scored(study, images).task == "classification":
            changed_classes(study, before, after, images, title)
        else:
            with row:
                labelled = data.scored(study, images).truths is not None
                against, of, confidence = _judged(labelled, before, after)
            _boxes(study, before, after, images, against, of, confidence, title)


def _judged(labelled: bool, before: TrialResult, after: TrialResult) -> tuple[str, str, float]:
    """By what boxes are judged, whose they are, and from which score on."""
    against = _choice("against", AGAINST if labelled else AGAINST[:1])
    files = dict(zip(SIDES, (numbered(before), numbered(after)), strict=True))
    of = _choice("of", SIDES, default="compressed", names=files) if against == "truth" else "compressed"
    confidence: float = st.slider(
        t("picture.threshold"),
        0.05,
        0.95,
        step=0.05,
        width=220,
        **linked("confidence", READING_SCORE, number_in(0.05, 0.95)),
    )
    return against, of, confidence


def _boxes(
    study: StudyResult,
    before: TrialResult,
    after: TrialResult,
    images: workbench.Images,
    against: str,
    of: str,
    confidence: float,
    title: Callable[[str], None],
) -> None:
    scored = data.scored(study, images)
    findings = found(study, before, after, against, of, confidence, images)
    seen = _detections(all_predictions(study, before, images))
    boxes = sum(int((one.scores >= confidence).sum()) for one in seen)
    judged = before if of == "original" else after
    title(finding_words(judged, findings, against, boxes, len(scored.ids), confidence))
    wanted = _wanted(scored.labels, against)
    counted = tally(findings, wanted)
    with st.container(horizontal=True, gap="small"):
        chips("kind", _kinds(against), counted.kinds, wanted.kind)
        st.space("small")
        chips("size", SIZES, counted.sizes, wanted.size)
    left, right = st.columns([3, 9], vertical_alignment="bottom")
    with left:
        class_choice(scored.labels, counted.labels, wanted.label)
    shown = [finding for finding in findings if wanted(finding)]
    with right:
        seen_choice(scored.labels, wanted.seen)
        st.caption(
            t(
                "damage.count",
                count=len(shown),
                images=counted.images,
                total=len(scored.ids),
                confidence=f"{confidence:.2f}",
            )
        )
    if not shown:
        if any(finding.harm for finding in findings):
            nothing_left()
        else:
            words = "damage.nothing" if against == "original" else "damage.no_mistakes"
            st.info(t(words), icon=":material/check:")
        return
    _crops(study, before, after, shown, confidence, against, of, images)


def found(
    study: StudyResult,
    before: TrialResult,
    after: TrialResult,
    against: str,
    of: str,
    confidence: float,
    images: workbench.Images,
) -> tuple[Finding, ...]:
    """All findings, kept for each pair of files."""
    views = [_detections(all_predictions(study, trial, images)) for trial in (before, after)]
    pair = before.sha256 or "", after.sha256 or ""
    return _found(
        study.name,
        *pair,
        against,
        of,
        confidence,
        images,
        data.scored(study, images).fingerprint,
        study,
        views,
    )


@st.cache_resource(
    max_entries=64, show_spinner=False, hash_funcs={StudyResult: lambda study: study.name, list: len}
)
def _found(
    name: str,
    first: str,
    second: str,
    against: str,
    of: str,
    confidence: float,
    images: workbench.Images,
    fingerprint: str,
    study: StudyResult,
    views: list[list[Detections]],
) -> tuple[Finding, ...]:
    if against == "original":
        return fates(views[0], views[1], confidence)
    scored = data.scored(study, images)
    truths = [truth for truth in scored.truths or () if isinstance(truth, Annotations)]
    return verdicts(truths, views[SIDES.index(of)], confidence)


def _detections(predictions: Sequence[object]) -> list[Detections]:
    return [seen for seen in predictions if isinstance(seen, Detections)]


def _wanted(labels: Sequence[str], against: str) -> Filter:
    """The filter that the address tells of; what makes no sense there filters nothing."""
    given = st.query_params
    return Filter(
        next((kind for kind in _kinds(against) if kind == given.get("kind")), None),
        place_of(labels, "class"),
        place_of(labels, "as"),
        next((size for size in SIZES if size == given.get("size")), None),
    )


def _kinds(against: str) -> tuple[str, ...]:
    return CHANGES if against == "original" else (*KINDS, "right")


def _choice(
    name: str, options: Sequence[str], default: str | None = None, names: Mapping[str, str] | None = None
) -> str:
    chosen: str = st.segmented_control(
        t(f"damage.{name}"),
        options,
        format_func=lambda option: names[option] if names else t(f"damage.{name}_{option}"),
        required=True,
        **linked(name, default or options[0], one_of(options), clears=("kind", "image")),
    )
    return chosen


@st.fragment
def _crops(
    study: StudyResult,
    before: TrialResult,
    after: TrialResult,
    shown: Sequence[Finding],
    confidence: float,
    against: str,
    of: str,
    images: workbench.Images,
) -> None:
    """A series of crops, some at once; opened, one is the whole picture."""
    with boundary():
        scored = data.scored(study, images)
        # What an address without a threshold means is the slider's default, not where the slider stands.
        usual = Look(confidence=READING_SCORE, truth=against == "truth", grid=True)
        look = look_in_address(usual, len(shown))
        look = Look(look.picture, confidence, "side", usual.truth, look.grid)
        first, count = page_of(look, GRID)
        part = shown[first : first + count]
        places = tuple(sorted({finding.image for finding in part}))
        shots = dict(
            zip(
                places,
                data.images_at(images, data.sources(study).model, places, scored.fingerprint),
                strict=True,
            )
        )
        views = [all_predictions(study, trial, images) for trial in (before, after)]
        model = 0 if of == "original" else 1
        items = []
        for finding in part:
            truth = None if scored.truths is None else scored.truths[finding.image]
            place = finding.reference
            if against == "truth" and place is not None and isinstance(truth, Annotations):
                place = without_crowds(truth, place)
            focus = Focus(finding.box, model, place, finding.detection)
            seen = [view[finding.image] for view in views]
            words = crop_title(finding, scored.labels)
            title = words if look.grid else f"{scored.ids[finding.image]} · {words}"
            items.append(Item(title, shots[finding.image], seen, truth, focus))
        key = (
            before.sha256,
            after.sha256,
            images,
            against,
            of,
            confidence,
            *(f.__hash__() for f in shown[:200]),
        )
        pictures(
            items,
            [ModelTitle(numbered(trial)) for trial in (before, after)],
            [class_name(label) for label in scored.labels],
            key="damage",
            look=look,
            plain=usual,
            series=str(hash(key)),
            first=first,
            total=len(shown),
        )
