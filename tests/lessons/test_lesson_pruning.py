"""Pruning: small weights can go, random ones cannot; zeros shrink the download only; retraining brings much back."""

from __future__ import annotations

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.live import Threshold
from edgeslim.lessons.pruning.orders import SHARES as ORDERED
from edgeslim.lessons.pruning.orders import Orders
from edgeslim.lessons.pruning.shares import SHARES, Shares, Slider
from edgeslim.lessons.pruning.units import SHARES as RETRAINED
from edgeslim.lessons.pruning.units import Retraining, Units


def kept(setting, tmp_path) -> Outcome:
    found = outcome("pruning", setting, Store(tmp_path))
    assert found is not None
    return found


@pytest.mark.parametrize("share", ORDERED)
def test_random_is_worse_than_smallest_first_at_equal_share_and_largest_first_is_worst(
    share, tmp_path
) -> None:
    facts = kept(Orders(share=share), tmp_path).facts
    assert facts["smallest_first_quality"].surely_above(facts["random_quality"])
    assert facts["random_quality"].value >= facts["largest_first_quality"].value
    assert facts["largest_first_quality"].value < 0.001


def test_a_tenth_of_the_weights_goes_unnoticed_if_they_are_the_smallest(tmp_path) -> None:
    facts = kept(Orders(), tmp_path).facts
    change = facts["smallest_first_change"]
    assert change.low < 0 < change.high
    assert facts["random_quality"].value < 0.05


def test_accuracy_falls_off_a_cliff_while_the_download_shrinks_evenly(tmp_path) -> None:
    found = [kept(Shares(share=share), tmp_path).facts for share in SHARES]
    quality = [facts["quality"].value for facts in found]
    assert quality[0] - quality[1] < 0.02 and quality[4] > 0.35 and quality[6] < 0.1
    downloads = [facts["download"].value for facts in found]
    assert downloads == sorted(downloads, reverse=True) and downloads[-1] < 0.2 * downloads[0]
    assert max(facts["file"].value for facts in found) < 1.001 * found[0]["file"].value


def test_zeros_leave_file_and_time_as_they_were_and_fewer_channels_do_not(tmp_path) -> None:
    facts = kept(Units(), tmp_path).facts
    assert facts["weights_time"].low < 1 < facts["weights_time"].high
    assert facts["weights_file"].value == pytest.approx(facts["original_file"].value, rel=1e-3)
    assert facts["weights_parameters_left"].value == pytest.approx(
        facts["channels_parameters_left"].value, abs=0.02
    )
    assert facts["channels_time"].high < 0.6
    assert facts["channels_file"].value < 0.3 * facts["original_file"].value


def test_retraining_brings_back_what_pruning_took_from_a_digits_network(tmp_path) -> None:
    facts = kept(Retraining(), tmp_path).facts
    assert facts["weights_cut_quality"].value < 0.2 and facts["weights_retrained_quality"].value > 0.9
    assert facts["channels_retrained_quality"].surely_above(facts["channels_cut_quality"])
    answers = {share: kept(Retraining(share=share), tmp_path).answer for share in RETRAINED}
    assert answers[0.9] == "weights" and answers[0.5] == "same"


def test_the_slider_has_the_detectors_weights_and_measured_downloads(tmp_path) -> None:
    (picture,) = kept(Slider(), tmp_path).views
    assert isinstance(picture, Threshold)
    assert sum(layer.weights for layer in picture.network) == 85_112
    assert [share for share, _ in picture.downloads] == list(SHARES)


def test_one_setting_computed_anew_gives_what_is_kept(tmp_path, with_scenes) -> None:
    setting = Orders(share=0.02)
    anew, before = setting.run(Lab(with_scenes(tmp_path))), kept(setting, tmp_path)
    for name in ("random_quality", "smallest_first_quality"):
        assert anew.facts[name].value == pytest.approx(before.facts[name].value, abs=0.01)
