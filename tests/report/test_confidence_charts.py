"""Two files' scores as charts and as a story, from hand-made detections."""

from dataclasses import replace

import numpy as np

from edgeslim.analysis.scores import Confidence, box_confidence
from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.confidence import Shift
from edgeslim.report.confidence_charts import curve_chart, f1_chart, histogram_chart, reliability_chart, story

BOX = np.array([[0, 0, 20, 20]], np.float32)
IMAGES = 12
SIDES = ("a", "b")


def seen(score: float) -> list[Detections]:
    return [Detections(BOX, np.array([score], np.float32), np.array([0])) for _ in range(IMAGES)]


def compared(first: float, second: float) -> Confidence:
    truths = [Annotations.of(BOX, np.array([0])) for _ in range(IMAGES)]
    return box_confidence(truths, seen(first), seen(second), ("stop",), 0.5)


def test_scores_that_fall_alike_fell_and_a_fixed_threshold_loses_them_all() -> None:
    found = compared(0.8, 0.4)
    assert story(found) == "fell" and story(compared(0.4, 0.8)) == "rose"
    assert (found.lost, found.lost_at_best, found.objects) == (12, 0, 12)


def test_a_shift_that_rounds_to_nothing_is_little_and_what_is_not_seen_is_no_story() -> None:
    assert story(compared(0.8, 0.8)) == "little" and story(compared(0.8, 0.801)) == "little"
    assert story(compared(0.2, 0.2)) == "none"


def test_a_shift_whose_interval_holds_zero_is_noise() -> None:
    found = compared(0.8, 0.4)
    assert story(replace(found, shift=Shift(-0.06, (-0.2, 0.01), 12))) == "noise"


def test_bars_are_counts_in_their_bins() -> None:
    figure = histogram_chart(compared(0.8, 0.42), SIDES, ("right", "wrong", "score"), line=True)
    right = [trace for trace in figure.data if trace.name == "right"]
    assert [int(np.argmax(trace.y)) for trace in right] == [16, 8] and sum(right[0].y) == 12
    assert figure.layout.yaxis.range[1] > 12 and figure.layout.yaxis2.range[1] > 12
    assert len(figure.layout.shapes) == 2, "the threshold in both plots"


def test_calibration_has_a_point_for_each_bin_that_holds_claims() -> None:
    _, first, second = reliability_chart(compared(0.8, 0.42), SIDES, ("x", "y")).data
    assert np.allclose(first.x, [0.8]) and list(first.y) == [1.0]
    assert np.allclose(second.x, [0.42]) and second.customdata[0][0] == 12


def test_curves_are_marked_at_the_fixed_and_at_the_best_threshold() -> None:
    found = compared(0.8, 0.4)
    dots = [trace for trace in curve_chart(found, SIDES, ("r", "p")).data if trace.mode == "markers"]
    assert [trace.x[0] for trace in dots] == [1.0, 0.0]
    best = [trace.x[0] for trace in f1_chart(found, SIDES, ("t", "F1")).data if trace.mode == "markers"]
    assert best == [side.best for side in found.sides]
