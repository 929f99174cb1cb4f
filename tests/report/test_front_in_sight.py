"""What of a study's chart is worth looking at: the band near the original, three objectives, ranges and words."""

import itertools
import json
import random
from typing import Any

import pytest
from as_kept import of

from edgeslim.report.pareto import BAND, ParetoInfo, pareto_info
from edgeslim.report.window import LINE, logarithmic, place_words, ticks, window
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES

Study = dict[str, Any]


def many(study: Study, count: int, seed: int) -> Study:
    """A study of the original and `count` trials with random sizes, scores and times."""
    dice = random.Random(seed)
    trials = [study["trials"][0]]
    for number in range(1, count + 1):
        trial = json.loads(json.dumps(study["trials"][12]))
        trial["number"] = number
        trial["recipe"]["steps"][0]["sparsity"] = number / (count + 1)
        trial["sizes"]["download"] = dice.randint(40, 60) * 1000
        trial["accuracy"]["mAP"] = dice.randint(20, 70) / 100
        trial["latency"]["ratio"] = dice.randint(3, 12) / 10
        trials.append(trial)
    return {**study, "trials": trials}


def marks(info: ParetoInfo) -> dict[int, str]:
    return {point.number: point.mark for point in info.points}


@pytest.mark.parametrize("seed", range(8))
def test_what_nothing_beats_in_three_figures_is_marked_as_such(study: Study, seed: int) -> None:
    info = pareto_info(of(many(study, 60, seed)), "download", "mAP", third="latency_ratio")
    costs = {p.number: (p.x, -p.y, p.third or 0.0) for p in info.points}

    def beaten(number: int, figures: int) -> bool:
        own = costs[number][:figures]
        others = (cost[:figures] for other, cost in costs.items() if other != number)
        return any(all(a <= b for a, b in zip(one, own, strict=True)) and one != own for one in others)

    found = marks(info)
    for number, mark in found.items():
        if mark != "baseline":
            flat, wide = beaten(number, 2), beaten(number, 3)
            equal = [n for n in costs if n < number and costs[n] == costs[number]]
            if not equal:
                assert mark == ("wide_front" if flat and not wide else "dominated" if wide else "front"), (
                    number
                )
    assert "wide_front" in found.values()
    assert "wide_front" not in marks(pareto_info(of(many(study, 60, seed)), "download", "mAP")).values()


def test_the_recommended_file_has_a_mark_of_its_own_unless_it_does_not_fit(study: Study) -> None:
    assert marks(pareto_info(of(study), "download", "mAP", recommended=13))[13] == "recommended"
    info = pareto_info(of(study), "download", "mAP", recommended=3)
    assert marks(info)[3] == "recommended"
    assert 3 in info.front, "the front's line still passes through it"
    tight = pareto_info(of(study), "download", "mAP", Budget.of(download=100_000), recommended=13)
    assert marks(tight)[13] == "over_budget"


def test_the_band_holds_the_front_near_the_original_and_not_what_failed(study: Study) -> None:
    info = pareto_info(of(study), "download", "mAP")
    assert info.band == (pytest.approx(0.5664), pytest.approx(0.6851))
    assert [point.number for point in info.below] == [18, 6, 2, 8], "the best of them first"
    original = info.point(0)
    assert original is not None
    for number in info.front:
        point = info.point(number)
        assert point is not None
        assert (point in info.below) == (point.y < (1 - BAND) * original.y)


@pytest.mark.parametrize("y", ["mAP", "paired_delta", "agreement"])
def test_the_band_does_not_move_with_the_budget(study: Study, y: str) -> None:
    bands = {
        pareto_info(of(study), "download", y, Budget.of(download=limit), third="latency_ratio").band
        for limit in (50_000, 130_000, 10_000_000)
    } | {pareto_info(of(study), "download", y, third="latency_ratio").band}
    assert len(bands) == 1


def test_the_band_of_a_change_is_measured_by_the_originals_score(study: Study) -> None:
    info = pareto_info(of(study), "download", "paired_delta")
    assert info.band is not None
    assert -BAND * 0.6671 < info.band[0] < -0.08


def test_decibels_have_no_band_nor_has_a_study_whose_original_is_missing(study: Study) -> None:
    assert pareto_info(of(study), "download", "sqnr_db").band is None
    study["trials"][0]["accuracy"]["mAP"] = None
    info = pareto_info(of(study), "download", "mAP")
    assert (info.band, info.below) == (None, ())


def test_noise_alone_does_not_fill_the_chart(study: Study) -> None:
    for trial in study["trials"]:
        if trial["accuracy"]:
            trial["accuracy"].update(mAP=0.9, ci95=[0.9, 0.9])
    band = pareto_info(of(study), "download", "mAP").band
    assert band is not None and band[1] - band[0] == pytest.approx(0.02 * 0.9)


def test_a_logarithmic_range_holds_all_values_and_round_ticks() -> None:
    low, high = window([67.7, 1112.2], logarithmic=True)
    assert low < 67.7 and high > 1112.2
    assert ticks((low, high)) == [100, 200, 500, 1000]
    assert ticks((90, 130)) == [100]
    assert 3 < len(ticks((90, 700))) < 9
    low, high = window([319.0, 319.0], logarithmic=True)
    assert low < 319.0 < high, "all files may be of one size"
    low, high = window([0.4, 1.0], logarithmic=False)
    assert low == pytest.approx(0.364) and high == pytest.approx(1.036)


def test_only_sizes_and_counts_are_logarithmic() -> None:
    assert logarithmic(FIGURES.get("download"), [1.0, 10.0])
    assert logarithmic(FIGURES.get("macs"), [1.0, 10.0])
    assert not logarithmic(FIGURES.get("nonzero"), [0.0, 10.0]), "nothing may be left"
    assert not logarithmic(FIGURES.get("latency_ratio"), [1.0, 10.0])


@pytest.mark.parametrize("seed", range(20))
def test_words_for_the_points_that_matter_do_not_overlap(seed: int) -> None:
    dice = random.Random(seed)
    size = (530.0, 330.0)
    anchors = [(dice.uniform(0, size[0]), dice.uniform(0, size[1])) for _ in range(3)]
    anchors += [(x + 4, y + 3) for x, y in anchors[:2]]
    widths = [dice.uniform(50, 150) for _ in anchors]
    away = place_words(anchors, widths, anchors, size)
    boxes = [
        (x + dx - width / 2, y + dy - LINE / 2, x + dx + width / 2, y + dy + LINE / 2)
        for (x, y), (dx, dy), width in zip(anchors, away, widths, strict=True)
    ]
    for one, other in itertools.combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    for box in boxes:
        assert box[0] > -60 and box[2] < size[0] + 60, "no word leaves the chart by more than its half"
