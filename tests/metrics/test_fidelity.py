from __future__ import annotations

import numpy as np
import pytest

from edgeslim.detections import Detections
from edgeslim.metrics.bootstrap import resample_weights
from edgeslim.metrics.fidelity import RESOLUTION_DB, agreement, box_iou, diff, signal_and_noise, sqnr_db

Box = tuple[float, float, float, float]


def boxes(*rows: tuple[Box, float, int]) -> Detections:
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int64),
    )


ORIGINAL = boxes(
    ((0, 0, 100, 100), 0.9, 0),  # stays
    ((200, 0, 300, 100), 0.8, 1),  # moves: IoU 0.6
    ((400, 0, 500, 100), 0.7, 2),  # gets another label
    ((600, 0, 700, 100), 0.6, 0),  # vanishes
    ((800, 0, 900, 100), 0.2, 0),  # was never shown
)
COMPRESSED = boxes(
    ((0, 300, 100, 400), 0.5, 0),  # new
    ((400, 0, 500, 90), 0.6, 3),
    ((200, 0, 260, 100), 0.7, 1),
    ((0, 0, 100, 95), 0.8, 0),
    ((600, 0, 700, 100), 0.29, 0),  # not confident enough any more
)


def test_every_box_has_one_fate() -> None:
    fates = diff(ORIGINAL, COMPRESSED)
    assert fates.kept.tolist() == [[0, 3]]
    assert fates.moved.tolist() == [[1, 2]]
    assert fates.relabelled.tolist() == [[2, 1]]
    assert fates.lost.tolist() == [3]
    assert fates.gained.tolist() == [0]


def test_lower_confidence_brings_boxes_back() -> None:
    fates = diff(ORIGINAL, COMPRESSED, confidence=0.25)
    assert fates.kept.tolist() == [[0, 3], [3, 4]]
    assert fates.lost.tolist() == []


def test_boxes_below_the_iou_are_lost_and_gained() -> None:
    fates = diff(ORIGINAL, COMPRESSED, iou=0.65)
    assert fates.moved.tolist() == []
    assert (fates.lost.tolist(), fates.gained.tolist()) == ([1, 3], [0, 2])


def test_the_closest_boxes_pair_first() -> None:
    one = boxes(((0, 0, 100, 100), 0.9, 0))
    two = boxes(((0, 0, 100, 80), 0.9, 0), ((0, 0, 100, 95), 0.4, 0))
    assert diff(one, two).kept.tolist() == [[0, 1]]
    assert diff(one, two).gained.tolist() == [0]


def test_the_same_class_pairs_before_a_closer_box_of_another() -> None:
    one = boxes(((0, 0, 100, 100), 0.9, 0))
    two = boxes(((0, 0, 100, 99), 0.9, 1), ((0, 0, 100, 80), 0.9, 0))
    fates = diff(one, two)
    assert fates.kept.tolist() == [[0, 1]]
    assert (fates.relabelled.tolist(), fates.gained.tolist()) == ([], [0])


def test_agreement_counts_over_images() -> None:
    """Image 1: one kept, one moved of 4 + 4 boxes; image 2: nothing at all; image 3: two lost."""
    nothing = Detections.empty()
    two = boxes(((0, 0, 10, 10), 0.9, 0), ((50, 0, 60, 10), 0.9, 0))
    figures, share = agreement([ORIGINAL, nothing, two], [COMPRESSED, nothing, nothing])
    assert figures == {"agreement": 4 / 10, "kept": 1, "moved": 1, "relabelled": 1, "lost": 3, "gained": 1}
    assert (share.value, share.images) == (4 / 10, 3)


def test_resampled_agreement_is_that_of_the_images_drawn() -> None:
    """Image 1 agrees by 4/8, image 2 has no boxes, image 3 agrees by 0/2: as if drawn images were repeated."""
    nothing = Detections.empty()
    two = boxes(((0, 0, 10, 10), 0.9, 0), ((50, 0, 60, 10), 0.9, 0))
    before, after = [ORIGINAL, nothing, two], [COMPRESSED, nothing, nothing]
    share = agreement(before, after)[1]
    weights = resample_weights(3)
    for column, value in zip(weights.T[:50], share.resamples, strict=False):
        drawn = np.repeat(np.arange(3), column)
        again = agreement([before[i] for i in drawn], [after[i] for i in drawn])[0]
        assert value == again["agreement"]
    assert (share.resamples[weights[1] == 3] == 1.0).all(), "only empty images: both see nothing"


def test_agreement_is_symmetric_and_complete_for_equals() -> None:
    there, back = agreement([ORIGINAL], [COMPRESSED])[0], agreement([COMPRESSED], [ORIGINAL])[0]
    assert there["agreement"] == back["agreement"]
    assert (there["lost"], there["gained"]) == (back["gained"], back["lost"])
    assert agreement([ORIGINAL], [ORIGINAL])[0]["agreement"] == 1.0


def test_two_blind_models_agree() -> None:
    assert agreement([Detections.empty()], [Detections.empty()])[0]["agreement"] == 1.0


def test_iou_of_half_overlapping_squares() -> None:
    a = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], np.float32)
    b = np.array([[5, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30]], np.float32)
    assert box_iou(a, b).tolist() == [[pytest.approx(1 / 3), 1.0, 0.0], [0.0, 0.0, 0.0]]


def test_sqnr_of_a_known_error() -> None:
    """Noise of a tenth of the signal's amplitude: 20 dB; of a hundredth: 40 dB."""
    reference = [np.full((1, 4), 10.0, np.float32), np.full((1, 2), 1.0, np.float32)]
    output = [np.full((1, 4), 11.0, np.float32), np.full((1, 2), 1.01, np.float32)]
    overall, each = sqnr_db(signal_and_noise(reference, output))
    assert each == pytest.approx((20.0, 40.0), abs=1e-4)
    assert overall == pytest.approx(30.0, abs=1e-4)


def test_powers_add_up_over_images() -> None:
    quiet = signal_and_noise([np.array([1.0])], [np.array([1.0])])
    loud = signal_and_noise([np.array([3.0])], [np.array([2.0])])
    assert sqnr_db(quiet + loud)[0] == pytest.approx(10.0)


def test_identical_and_broken_outputs_have_finite_figures() -> None:
    one, zero = np.ones(3, np.float32), np.zeros(3, np.float32)
    assert sqnr_db(signal_and_noise([one], [one]))[0] == pytest.approx(144.49, abs=0.01)
    assert sqnr_db(signal_and_noise([zero], [zero]))[0] == RESOLUTION_DB
    for broken in (np.array([1, np.nan, 1]), np.array([1, np.inf, 1])):
        assert sqnr_db(signal_and_noise([one], [broken]))[0] == -RESOLUTION_DB
    assert sqnr_db(signal_and_noise([zero], [one]))[0] == -RESOLUTION_DB
