"""The damage gallery: every box that a file lost, gained, moved or relabelled, or every mistake it makes, as a crop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.tide import KINDS, SIZES
from edgeslim.report.damage import CHANGES, Filter, Finding, changes, mistakes, tally
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import class_name, numbered
from edgeslim.ui.picture.component import look_in_address, pictures
from edgeslim.ui.picture.payload import Focus, Item, Look, ModelTitle
from edgeslim.ui.state import linked, number_in, one_of, t

GRID = 24
"""Crops at once."""
AGAINST = ("original", "truth")
SIDES = ("original", "compressed")


def damage(study: StudyResult, before: TrialResult, after: TrialResult) -> None:
    """Of two files of a study: what the second one changes, or how either is wrong."""
    with boundary():
        scored = data.scored(study)
        if scored.task == "classification":
            _changed_classes(study, before, after)
        else:
            _boxes(study, before, after)


def _boxes(study: StudyResult, before: TrialResult, after: TrialResult) -> None:
    scored = data.scored(study)
    first, second, third = st.columns([5, 5, 4], vertical_alignment="bottom")
    with first:
        against = _choice("against", AGAINST if scored.truths is not None else AGAINST[:1])
    of = "compressed"
    with second:
        if against == "truth":
            of = _choice("of", SIDES, default="compressed")
    with third:
        confidence: float = st.slider(
            t("picture.threshold"), 0.05, 0.95, step=0.05, **linked("confidence", 0.5, number_in(0.05, 0.95))
        )
    findings = found(study, before, after, against, of, confidence)
    wanted = _wanted(scored.labels, against)
    counted = tally(findings, wanted)
    with st.container(horizontal=True, gap="small"):
        _chips("kind", CHANGES if against == "original" else KINDS, counted.kinds, wanted.kind)
        st.space("small")
        _chips("size", SIZES, counted.sizes, wanted.size)
    present = sorted(counted.labels, key=lambda label: -counted.labels[label])
    names = [scored.labels[label] for label in present]
    if wanted.label is not None and scored.labels[wanted.label] not in names:
        names.append(scored.labels[wanted.label])
    left, right = st.columns([3, 9], vertical_alignment="bottom")
    with left:
        st.selectbox(
            t("damage.class"),
            names,
            index=None,
            format_func=class_name,
            placeholder=t("damage.all_classes"),
            **linked("class", None, one_of(names), clears=("image",)),
        )
    shown = [finding for finding in findings if wanted(finding)]
    with right:
        if wanted.seen is not None:
            st.button(
                t("damage.seen_as", label=class_name(scored.labels[wanted.seen])),
                icon=":material/close:",
                key="seen_as",
                on_click=_any_class_seen,
            )
        st.caption(
            t(
                "damage.count",
                count=len(shown),
                images=counted.images,
                total=len(scored.ids),
                confidence=f"{confidence:g}",
            )
        )
    if not shown:
        st.info(t("damage.nothing" if not findings else "damage.nothing_left"), icon=":material/check:")
        return
    _crops(study, before, after, shown, confidence, against, of)


def found(
    study: StudyResult, before: TrialResult, after: TrialResult, against: str, of: str, confidence: float
) -> tuple[Finding, ...]:
    """All findings, kept for each pair of files."""
    views = [_detections(data.all_predictions(study, trial)) for trial in (before, after)]
    return _found(study.name, before.sha256 or "", after.sha256 or "", against, of, confidence, study, views)


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
    study: StudyResult,
    views: list[list[Detections]],
) -> tuple[Finding, ...]:
    if against == "original":
        return changes(views[0], views[1], confidence)
    scored = data.scored(study)
    truths = [truth for truth in scored.truths or () if isinstance(truth, Annotations)]
    return mistakes(truths, views[SIDES.index(of)], len(scored.labels), confidence)


def _detections(predictions: Sequence[object]) -> list[Detections]:
    return [seen for seen in predictions if isinstance(seen, Detections)]


def _wanted(labels: Sequence[str], against: str) -> Filter:
    """The filter that the address tells of; what makes no sense there filters nothing."""
    given = st.query_params
    kinds = CHANGES if against == "original" else KINDS
    places = {label: place for place, label in enumerate(labels)}
    return Filter(
        next((kind for kind in kinds if kind == given.get("kind")), None),
        places.get(given.get("class", "")),
        places.get(given.get("as", "")),
        next((size for size in SIZES if size == given.get("size")), None),
    )


def _any_class_seen() -> None:
    st.query_params.pop("as", None)


def _choice(name: str, options: Sequence[str], default: str | None = None) -> str:
    chosen: str = st.segmented_control(
        t(f"damage.{name}"),
        options,
        format_func=lambda option: t(f"damage.{name}_{option}"),
        required=True,
        **linked(name, default or options[0], one_of(options), clears=("kind", "image")),
    )
    return chosen


def _chips(name: str, options: Sequence[str], counts: Mapping[str, int], chosen: str | None) -> None:
    """One button for each kind with how many there are; pressed again it filters nothing."""

    def pressed(option: str) -> None:
        st.query_params.pop("image", None)
        if chosen == option:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = option

    for option in options:
        st.button(
            f"{t(f'damage.{option}')} · {counts.get(option, 0)}",
            key=f"chip_{name}_{option}",
            type="primary" if chosen == option else "secondary",
            help=t(f"damage.{option}_help") if name == "kind" else None,
            disabled=not counts.get(option) and chosen != option,
            on_click=pressed,
            args=(option,),
        )


@st.fragment
def _crops(
    study: StudyResult,
    before: TrialResult,
    after: TrialResult,
    shown: Sequence[Finding],
    confidence: float,
    against: str,
    of: str,
) -> None:
    """A series of crops, some at once; opened, one is the whole picture."""
    with boundary():
        scored, plan = data.scored(study), data.sources(study)
        plain = Look(confidence=confidence, truth=against == "truth", grid=True)
        look = look_in_address(plain, len(shown))
        look = Look(look.picture, confidence, "side", plain.truth, look.grid)
        first, count = (look.picture // GRID * GRID, GRID) if look.grid else (look.picture, 2)
        part = shown[first : first + count]
        places = tuple(sorted({finding.image for finding in part}))
        images = dict(zip(places, data.images_at(plan.dataset, places), strict=True))
        views = [data.all_predictions(study, trial) for trial in (before, after)]
        model = 0 if of == "original" else 1
        items = []
        for finding in part:
            truth = None if scored.truths is None else scored.truths[finding.image]
            focus = Focus(finding.box, model, finding.reference, finding.detection)
            seen = [view[finding.image] for view in views]
            words = _title(finding, scored.labels)
            title = words if look.grid else f"{scored.ids[finding.image]} · {words}"
            items.append(Item(title, images[finding.image], seen, truth, focus))
        key = (before.sha256, after.sha256, against, of, confidence, *(f.__hash__() for f in shown[:200]))
        pictures(
            items,
            [ModelTitle(numbered(trial)) for trial in (before, after)],
            [class_name(label) for label in scored.labels],
            key="damage",
            look=look,
            plain=plain,
            series=str(hash(key)),
            first=first,
            total=len(shown),
        )


def _title(finding: Finding, labels: Sequence[str]) -> str:
    """'lost: stop 0.92', 'relabelled: stop → yield 0.71'."""

    def named(label: int | None, score: float | None) -> str:
        words = "" if label is None else class_name(labels[label])
        return words if score is None else f"{words} {score:.2f}"

    kind = t(f"damage.{finding.kind}")
    was, now = named(finding.label, finding.before), named(finding.seen, finding.after)
    if finding.kind in ("lost", "missed"):
        told = was
    elif finding.label is None or finding.label == finding.seen:
        told = now
    else:
        told = f"{was} → {now}"
    return t("damage.title", kind=kind, what=told)


def _changed_classes(study: StudyResult, before: TrialResult, after: TrialResult) -> None:
    """A classifier's images whose class changed, the surest first; where there are none, those that moved most."""
    scored, plan = data.scored(study), data.sources(study)
    views = [
        np.stack([np.asarray(one) for one in data.all_predictions(study, trial)]) for trial in (before, after)
    ]
    moved = np.abs(views[0] - views[1]).sum(axis=1) / 2
    changed = views[0].argmax(axis=1) != views[1].argmax(axis=1)
    order = np.lexsort((-moved, ~changed)).tolist()
    st.caption(t("damage.classes_changed", count=int(changed.sum()), total=len(moved)))
    plain = Look(grid=True, truth=scored.truths is not None)
    look = look_in_address(plain, len(order))
    first, count = (look.picture // GRID * GRID, GRID) if look.grid else (look.picture, 2)
    part = tuple(order[first : first + count])
    images = data.images_at(plan.dataset, part)
    items = [
        Item(
            scored.ids[place],
            image,
            [view[place] for view in views],
            None if scored.truths is None else scored.truths[place],
        )
        for place, image in zip(part, images, strict=True)
    ]
    pictures(
        items,
        [ModelTitle(numbered(trial)) for trial in (before, after)],
        [class_name(label) for label in scored.labels],
        key="damage",
        look=look,
        plain=plain,
        series=f"{before.sha256} {after.sha256}",
        first=first,
        total=len(order),
    )
