"""Quantization: 8 bits cost nothing that can be shown; a shared scale blinds; training with the rounding mends."""

from __future__ import annotations

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.live import Quantize
from edgeslim.lessons.quantization.bits import BITS, Aware, Bits, NumberLine
from edgeslim.lessons.quantization.scales import COUNTS, WIDTHS, Calibration, SharedScale


def kept(setting, tmp_path) -> Outcome:
    found = outcome("quantization", setting, Store(tmp_path))
    assert found is not None
    return found


def test_8_bits_cost_nothing_that_can_be_shown_and_2_bits_everything(tmp_path) -> None:
    found = {bits: kept(Bits(bits=bits), tmp_path).facts for bits in BITS}
    assert found[8]["change"].low < 0 < found[8]["change"].high
    assert found[4]["quality"].surely_above(found[3]["quality"])
    assert found[3]["quality"].surely_above(found[2]["quality"]) and found[2]["quality"].value < 0.05
    files = [found[bits]["file"].value for bits in BITS]
    assert files == sorted(files)


def test_clipping_outliers_helps_at_4_bits_and_steps_of_powers_of_two_cost_nothing_at_8(tmp_path) -> None:
    rounded, clipped = (kept(Bits(bits=4, clipping=way), tmp_path).facts for way in ("max", "mse"))
    assert clipped["quality"].value > rounded["quality"].value
    fixed = kept(Bits(bits=8, scheme="fixed_point"), tmp_path).facts["change"]
    assert fixed.high > 0


def test_one_scale_for_boxes_and_scores_blinds_the_detector(tmp_path) -> None:
    facts = kept(SharedScale(), tmp_path).facts
    assert facts["box_step"].value == facts["score_step"].value > 2 * facts["best"].value
    assert facts["quality"].value == 0 and facts["seen"].value == 0
    assert facts["original"].value > 0.5


@pytest.mark.parametrize("treatment", ["own", "float_output", "robust"])
@pytest.mark.parametrize("width", WIDTHS)
def test_three_remedies_give_it_its_sight_back_whatever_the_boxes_are_measured_in(
    treatment, width, tmp_path
) -> None:
    facts = kept(SharedScale(width=width, treatment=treatment), tmp_path).facts
    assert facts["quality"].value > 0.95 * facts["original"].value


def test_boxes_as_fractions_need_no_scale_of_their_own(tmp_path) -> None:
    facts = kept(SharedScale(width=1), tmp_path).facts
    assert facts["quality"].value > 0.95 * facts["original"].value
    narrow = kept(SharedScale(width=288), tmp_path).facts
    assert 0.1 < narrow["quality"].value < 0.9 * narrow["original"].value


def test_one_image_of_the_task_beats_many_of_another_beyond_the_interval(tmp_path) -> None:
    for count in COUNTS:
        found = kept(Calibration(images=count), tmp_path)
        assert found.answer == "own"
        assert found.facts["others_change"].high < -0.03
        assert found.facts["own_change"].high > 0


def test_training_with_the_rounding_brings_back_most_of_a_dead_detector(tmp_path) -> None:
    facts = kept(Aware(), tmp_path).facts
    assert facts["rounded_quality"].value < 0.05
    assert facts["trained_quality"].value > 0.35
    assert facts["trained_change"].high < 0, "but not all"


def test_the_number_line_has_real_weights(tmp_path) -> None:
    (picture,) = kept(NumberLine(), tmp_path).views
    assert isinstance(picture, Quantize)
    assert picture.weights == 85_112 and len(picture.layers) == 5


def test_the_blind_setting_computed_anew_gives_what_is_kept(tmp_path, with_scenes) -> None:
    found = SharedScale().run(Lab(with_scenes(tmp_path)))
    before = kept(SharedScale(), tmp_path)
    assert found.facts["quality"].value == 0
    assert found.facts["original"].value == pytest.approx(before.facts["original"].value, abs=1e-3)
