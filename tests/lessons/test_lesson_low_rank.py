"""The claims of the lesson on low rank, on what was measured and ships."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Experiment, Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.live import LowRank
from edgeslim.lessons.low_rank.detector import DETECTOR, DIGITS, METHODS, Accuracy, Speed
from edgeslim.lessons.low_rank.matrices import Picture, Rank


@pytest.fixture
def kept(tmp_path):
    def found(setting: Experiment) -> Outcome:
        result = outcome("low_rank", setting, Store(tmp_path))
        assert result is not None
        return result

    return found


def test_a_trained_kernel_needs_nearly_as_many_terms_as_random_numbers_and_a_picture_few(kept) -> None:
    for energy in (0.9, 0.95, 0.99):
        share = {
            matrix: kept(Rank(matrix=matrix, energy=energy)).facts["share"].value
            for matrix in ("picture", "kernel", "random")
        }
        assert share["picture"] < share["kernel"] / 2
        assert 0.8 * share["random"] < share["kernel"] < share["random"]
    assert kept(Rank(matrix="picture")).facts["rank"].value == 11, "the question says so"


def test_factors_that_keep_nearly_all_energy_take_more_numbers_than_the_matrix(kept) -> None:
    facts = kept(Rank(energy=0.99)).facts
    assert facts["numbers"].value > 1 and facts["rank"].value > facts["even"].value
    assert facts["error"].value == pytest.approx(0.1, abs=0.03), "1 % of the energy is 10 % of the error"


def test_a_recomputed_setting_is_the_one_that_ships(kept, tmp_path, with_scenes) -> None:
    setting = Rank(energy=0.9)
    facts = setting.run(Lab(with_scenes(tmp_path / "lab"))).facts
    assert facts["rank"].value == kept(setting).facts["rank"].value == 32
    assert facts["error"].value == pytest.approx(kept(setting).facts["error"].value, rel=1e-4)


def test_fewer_multiplications_cost_accuracy_beyond_the_interval_without_training(kept) -> None:
    for method in METHODS:
        change = kept(Accuracy(keep=0.6, method=method)).facts["change"]
        assert change.high is not None and change.high < -0.2
        assert kept(Accuracy(keep=0.6, method=method)).facts["macs"].value <= 0.6


def test_errors_weighed_by_real_inputs_lose_less_where_much_is_cut(kept) -> None:
    for method in METHODS:
        weighed, plain = (
            kept(Accuracy(keep=0.6, method=method, activation_aware=aware)).facts["quality"]
            for aware in (True, False)
        )
        assert weighed.surely_above(plain)


def test_a_small_network_gets_slower_with_fewer_multiplications_and_a_larger_one_faster(kept) -> None:
    digits = kept(Speed())
    assert Speed().model == DIGITS and digits.answer == "slower"
    assert digits.facts["macs"].value < 0.6 and digits.facts["time"].low > 1.1
    assert digits.facts["layers_after"].value > digits.facts["layers_before"].value
    for method in METHODS:
        found = kept(Speed(model=DETECTOR, method=method))
        assert found.answer == "faster"
        assert found.facts["time"].low > found.facts["macs"].value, "time falls less than the multiplications"


def test_times_name_their_machine(kept) -> None:
    assert all(kept(setting).on.machine for setting in Speed.grid())


def test_the_live_picture_has_real_matrices_within_its_bounds(kept) -> None:
    (shown,) = kept(Picture()).views
    assert isinstance(shown, LowRank)
    for kernel in shown.matrices:
        rows, columns = kernel.numbers.shape
        assert rows <= 64 and columns <= 600 and kernel.numbers.std() > 0
    for picture in shown.pictures:
        assert picture.numbers.shape == (96, 144)
        assert picture.numbers.min() >= 0 and picture.numbers.max() <= 255 and picture.numbers.std() > 20
        np.testing.assert_array_equal(picture.numbers, np.round(picture.numbers))
