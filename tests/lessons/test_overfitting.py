"""The claims of the lesson on overfitting, on what was measured and ships."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.overfitting.capacity import WIDTHS, Capacity, Memory
from edgeslim.lessons.overfitting.classroom import TRAINED_ON, Room, over_seeds
from edgeslim.lessons.overfitting.pruned import FILES, IMAGES, SPARSITIES, Chosen, Pruned


@pytest.fixture
def kept(tmp_path):
    def found(setting: Experiment) -> Outcome:
        result = outcome("overfitting", setting, Store(tmp_path))
        assert result is not None
        return result

    return found


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Room:
    return Room.of(Lab(Store(tmp_path_factory.mktemp("lab"))))


def _below(one: Fact, other: Fact) -> bool:
    return other.surely_above(one)


def test_with_clean_labels_the_widest_network_generalizes_best(kept) -> None:
    accuracy = [kept(Capacity(noise=0.0, width=width)).facts["validation"].value for width in WIDTHS]
    assert accuracy == sorted(accuracy)
    assert kept(Capacity(noise=0.0, width=WIDTHS[-1])).facts["training"].value > 0.99


def test_with_wrong_labels_a_smaller_network_generalizes_better_beyond_the_interval(kept) -> None:
    small, wide = (kept(Capacity(noise=0.4, width=width)).facts["validation"] for width in (16, 256))
    tiny = kept(Capacity(noise=0.4, width=2)).facts["validation"]
    assert _below(wide, small) and _below(tiny, small)


def test_a_wide_network_learns_wrong_labels_by_heart(kept) -> None:
    for setting in Memory.grid():
        assert kept(setting).facts["memorised"].value > 0.8
    assert kept(Memory(noise=1.0)).facts["validation"].value < 0.05, "the right label was never among them"
    assert kept(Capacity(noise=0.4, width=16)).facts["memorised"].value < 0.2


def test_pruning_helps_on_wrong_labels_alone_and_only_at_a_fitting_sparsity(kept) -> None:
    assert kept(Pruned()).answer == "same"
    assert kept(Pruned(noise=0.2)).answer == kept(Pruned(noise=0.4)).answer == "helps"
    assert all(kept(Pruned(noise=noise, sparsity=0.95)).answer == "hurts" for noise in (0.0, 0.2, 0.4))


def test_what_it_is_compared_with_turns_the_sign(kept) -> None:
    facts = kept(Pruned(noise=0.4, sparsity=SPARSITIES[0])).facts
    gain, over_before = facts["gain"], facts["over_before"]
    assert gain.low is not None and gain.low > 0
    assert over_before.high is not None and over_before.high < 0


def test_a_narrow_network_beats_the_pruned_wide_one_on_wrong_labels(kept) -> None:
    narrow = kept(Capacity(noise=0.4, width=16)).facts["validation"].value
    assert narrow > kept(Pruned(noise=0.4, sparsity=0.8)).facts["retrained"].value + 0.05


def test_the_best_of_many_seems_to_gain_and_loses(kept) -> None:
    facts = kept(Chosen()).facts
    assert facts["seen"].value > 0.005 and facts["fresh"].value < -0.005
    for files in FILES:
        seen = [kept(Chosen(files=files, images=images)).facts["seen"].value for images in IMAGES]
        assert seen == sorted(seen, reverse=True), "fewer images to choose by, more luck"


def test_a_recomputed_setting_is_the_one_that_ships(kept, room) -> None:
    setting = Chosen(files=5, images=100)
    facts = setting.run(room.lab).facts
    for name in ("seen", "fresh", "average"):
        assert facts[name].value == pytest.approx(kept(setting).facts[name].value, abs=0.002)


def test_a_wrong_label_is_never_the_right_one_and_each_seed_has_images_of_its_own(room) -> None:
    clean, noisy, other = room.seat(3, 0.0), room.seat(3, 0.4), room.seat(4, 0.0)
    truth, labels = (np.array(seat.examples.targets) for seat in (clean, noisy))
    np.testing.assert_array_equal(clean.examples.pixels, noisy.examples.pixels)
    np.testing.assert_array_equal(truth != labels, noisy.wrong)
    assert 0.25 * TRAINED_ON < noisy.wrong.sum() < 0.55 * TRAINED_ON and not clean.wrong.any()
    assert not np.array_equal(clean.examples.pixels, other.examples.pixels)


def test_the_interval_over_seeds_is_students() -> None:
    found = over_seeds(np.array([0.01, 0.02, 0.03]), "points")
    assert found.value == pytest.approx(0.02)
    assert found.high == pytest.approx(0.02 + 4.303 * 0.01 / 3**0.5, abs=1e-5)
