"""What the lesson on distillation claims, on its kept results."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Experiment, Outcome
from edgeslim.lessons.distillation import DIGITS, LABELLED, Few, Recover, Unseen
from edgeslim.lessons.distillation.students import Pictures, between_students, right, softened, taught
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab


@pytest.fixture
def kept(tmp_path):
    def found(setting: Experiment) -> Outcome:
        here = outcome("distillation", setting, Store(tmp_path))
        assert here is not None
        return here

    return found


def test_softened_answers_teach_a_digit_that_was_never_shown(kept) -> None:
    facts = [kept(Unseen(digit=digit)).facts for digit in DIGITS]
    assert all(each["hard_before"].value < 0.05 for each in facts)
    assert all(each["soft"].value > each["hard"].value for each in facts)
    assert sum(each["soft"].surely_above(each["hard"]) for each in facts) >= 7


def test_at_temperature_one_less_of_it_is_taught(kept) -> None:
    at = {
        t: np.mean([kept(Unseen(digit=d, temperature=t)).facts["soft"].value for d in DIGITS])
        for t in (1.0, 4.0)
    }
    assert at[4.0] > at[1.0] + 0.1


def test_the_gain_comes_from_images_without_labels(kept) -> None:
    facts = {count: kept(Few(labelled=count)).facts for count in LABELLED}
    assert all(facts[count]["all_images"].surely_above(facts[count]["alone"]) for count in LABELLED[:5])
    assert not any(each["same_images"].surely_above(each["alone"]) for each in facts.values())
    gains = [facts[count]["gain"].value for count in LABELLED]
    assert gains == sorted(gains, reverse=True)


def test_a_teacher_recovers_faster_and_labels_catch_up(kept) -> None:
    assert kept(Recover()).answer == "teacher"
    assert kept(Recover(updates=100)).answer == "same"


def test_an_experiment_computed_anew_says_the_same(kept, tmp_path) -> None:
    """Training rounds differently on other processors: the conclusion is compared, and the number roughly."""
    again, before = Unseen().run(Lab(Store(tmp_path))), kept(Unseen())
    assert again.facts["soft"].surely_above(again.facts["hard"])
    assert again.facts["soft"].value == pytest.approx(before.facts["soft"].value, abs=0.1)


def test_softening_keeps_the_order_and_evens_the_shares() -> None:
    logits = np.array([[4.0, 1.0, 0.0]], np.float32)
    sharp, soft = softened(logits, 1.0), softened(logits, 4.0)
    assert np.allclose(sharp.sum(1), 1) and np.allclose(soft.sum(1), 1)
    assert soft[0, 0] < sharp[0, 0] and list(np.argsort(soft[0])) == list(np.argsort(sharp[0]))
    assert soft[0, 0] / soft[0, 1] == pytest.approx(np.exp(3 / 4), rel=1e-5)


def test_students_learn_what_they_are_shown_and_differ_by_their_seeds() -> None:
    chance = np.random.default_rng(0)
    labels = np.arange(60) % 10
    images = np.zeros((60, 64), np.float32)
    images[np.arange(60), labels] = 1
    images += chance.normal(0, 0.02, images.shape).astype(np.float32)
    logits = (8 * np.eye(10, dtype=np.float32))[labels]
    shown = Pictures(images, labels, logits)
    for temperature in (None, 4.0):
        said = taught(shown, temperature)(images)
        assert said.shape == (5, 60, 10) and right(said, labels).min() == 1.0
        assert not np.allclose(said[0], said[1])


def test_an_interval_between_students_holds_their_mean() -> None:
    mean, low, high = between_students(np.array([0.7, 0.72, 0.74, 0.71, 0.73]))
    assert (
        mean == pytest.approx(0.72)
        and low == pytest.approx(0.7004, abs=1e-3)
        and high == pytest.approx(0.7396, abs=1e-3)
    )
