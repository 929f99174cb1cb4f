"""Every change and every mistake of a file, counted, ordered and filtered."""

import numpy as np
import pytest

from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.fidelity import diff
from edgeslim.report.damage import CHANGES, Filter, fates, tally, verdicts


def boxes(*seen: tuple[tuple[float, ...], int, float]) -> Detections:
    return Detections(
        np.array([box for box, _, _ in seen], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in seen], np.float32),
        np.array([label for _, label, _ in seen], np.int64),
    )


A, B, C, D = (0, 0, 20, 20), (50, 0, 110, 60), (0, 100, 100, 200), (300, 300, 420, 420)
BEFORE = [boxes((A, 0, 0.9)), boxes((A, 0, 0.9), (B, 1, 0.8), (C, 2, 0.7), (D, 3, 0.31))]
AFTER = [boxes((A, 0, 0.8)), boxes((B, 2, 0.6), ((12, 100, 112, 200), 2, 0.7), (D, 3, 0.29))]


def test_every_change_is_found_once_the_most_changed_image_first() -> None:
    found = fates(BEFORE, AFTER, 0.3)
    assert [(one.image, one.kind, one.reference, one.detection) for one in found] == [
        (1, "lost", 0, None), (1, "lost", 3, None), (1, "relabelled", 1, 0), (1, "kept", 2, 1), (0, "kept", 0, 0),
    ]  # fmt: skip
    assert (found[2].label, found[2].seen, found[2].before, found[2].after) == (
        1,
        2,
        pytest.approx(0.8),
        pytest.approx(0.6),
    )
    assert [one.size for one in found[:3]] == ["small", "large", "medium"]


def test_of_what_is_lost_or_gained_the_score_below_the_threshold_is_told() -> None:
    lost = [one for one in fates(BEFORE, AFTER, 0.3) if one.kind == "lost"]
    assert [(one.label, one.before, one.after) for one in lost] == [
        (0, pytest.approx(0.9), None), (3, pytest.approx(0.31), pytest.approx(0.29)),
    ]  # fmt: skip
    (gained,) = [one for one in fates(AFTER, BEFORE, 0.3) if one.kind == "gained" and one.seen == 3]
    assert (gained.before, gained.after) == (pytest.approx(0.29), pytest.approx(0.31))
    assert not any(3 in (one.label, one.seen) for one in fates(BEFORE, AFTER, 0.28) if one.harm)


@pytest.mark.parametrize("confidence", [0.1, 0.3, 0.5, 0.75])
def test_counts_are_those_of_the_comparison(confidence: float) -> None:
    rng = np.random.default_rng(3)

    def scene() -> Detections:
        corners = rng.uniform(0, 60, (12, 2))
        return Detections(
            np.concatenate([corners, corners + rng.uniform(10, 60, (12, 2))], axis=1).astype(np.float32),
            rng.uniform(size=12).astype(np.float32),
            rng.integers(0, 2, 12),
        )

    before, after = [scene() for _ in range(10)], [scene() for _ in range(10)]
    expected = [diff(a, b, confidence=confidence) for a, b in zip(before, after, strict=True)]
    found = fates(before, after, confidence)
    counted = tally(found, Filter())
    for kind in CHANGES:
        assert counted.kinds.get(kind, 0) == sum(len(getattr(fate, kind)) for fate in expected)
    damage = [sum(one.harm for one in found if one.image == image) for image in range(10)]
    assert counted.images == sum(many > 0 for many in damage)


def test_each_filter_counts_under_the_other_ones() -> None:
    found = fates(BEFORE, AFTER, 0.3)
    told = tally(found, Filter(kind="lost"))
    assert dict(told.kinds) == {"lost": 2, "relabelled": 1, "kept": 2}, "what another kind would show"
    assert dict(told.labels) == {0: 1, 3: 1}
    assert dict(told.sizes) == {"small": 1, "medium": 0, "large": 1}
    assert [one.reference for one in found if Filter(kind="lost", size="large")(one)] == [3]


def test_what_is_unharmed_is_shown_only_when_asked_for() -> None:
    found = fates(BEFORE, AFTER, 0.3)
    assert sum(map(Filter(), found)) == 3 and sum(map(Filter(kind="kept"), found)) == 2
    assert sum(map(Filter(kind="kept", label=2), found)) == 1


def test_right_detections_follow_the_mistakes_and_a_crowd_makes_none() -> None:
    truth = Annotations(
        np.array([A, B, C], np.float32),
        np.array([0, 1, 2]),
        np.array([False, False, True]),
        np.array([400, 3600, 10000], np.float32),
    )
    found = verdicts([truth], [boxes((D, 3, 0.2), (C, 2, 0.9), (A, 0, 0.8))], 0.3)
    assert [(one.kind, one.reference, one.detection) for one in found] == [
        ("missed", 1, None), ("right", 0, 2),
    ]  # fmt: skip
    assert (found[1].after, found[1].size, found[1].harm) == (pytest.approx(0.8), "small", False)


def test_mistakes_are_of_boxes_from_the_threshold_on_and_point_into_all_boxes() -> None:
    truth = Annotations.of(np.array([A, B], np.float32), np.array([0, 1]))
    seen = boxes((D, 0, 0.1), (B, 0, 0.9))
    found = verdicts([truth], [seen], 0.3)
    told = [(one.kind, one.reference, one.detection) for one in found]
    assert told == [("classification", 1, 1), ("missed", 0, None)]
    assert (found[0].label, found[0].seen, found[1].seen) == (1, 0, None)
    assert found[1].box == A


def test_a_class_is_also_that_of_what_is_seen_where_nothing_is() -> None:
    found = fates([boxes()], [boxes((A, 2, 0.9))], 0.3)
    assert [one.kind for one in found if Filter(label=2)(one)] == ["gained"]
    assert dict(tally(found, Filter()).labels) == {2: 1}
