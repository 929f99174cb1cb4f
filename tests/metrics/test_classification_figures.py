from __future__ import annotations

import numpy as np
import pytest

from edgeslim.metrics.classification import classification_scores, label_agreement, resampled

LABELS = ("a", "b", "c")
PROBABILITIES = np.array(
    [[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]], np.float32
)
TRUTH = np.array([0, 1, 1, 1, 2])


def test_figures_worked_out_by_hand() -> None:
    """F1: a = 2·1/(1+2), b = 2·2/(3+2), c = 2·1/(1+1)."""
    scores = classification_scores(PROBABILITIES, TRUTH, LABELS)
    assert scores["top1"] == pytest.approx(0.8)
    assert scores["top5"] is None
    assert scores["macro_F1"] == pytest.approx((2 / 3 + 4 / 5 + 1) / 3)
    assert scores["by_class"] == {"a": 1.0, "b": pytest.approx(2 / 3), "c": 1.0}


def test_macro_f1_equals_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(12), 200).astype(np.float32)
    truth = rng.integers(0, 8, 200)
    scores = classification_scores(probabilities, truth, tuple("abcdefghijkl"))
    predicted = probabilities.argmax(axis=1)
    assert scores["macro_F1"] == pytest.approx(f1_score(truth, predicted, average="macro", zero_division=0))


def test_top5_asks_for_four_better_classes_at_most() -> None:
    ranked = np.tile(np.linspace(0.9, 0.1, 8, dtype=np.float32), (8, 1))
    scores = classification_scores(ranked, np.arange(8), tuple("abcdefgh"))
    assert (scores["top1"], scores["top5"]) == (1 / 8, 5 / 8)


def test_of_equal_probabilities_the_first_class_is_the_answer() -> None:
    even = np.full((2, 3), 1 / 3, np.float32)
    assert classification_scores(even, np.array([0, 1]), LABELS)["top1"] == 0.5
    assert resampled(even, np.array([0, 0])).ci95 == (1.0, 1.0)


def test_paired_interval_of_a_known_gain() -> None:
    """Of 400 images 40 are right only in the model, 10 only in the baseline."""
    truth = np.zeros(400, np.int64)
    right, wrong = np.array([0.9, 0.1], np.float32), np.array([0.1, 0.9], np.float32)
    model = np.stack([wrong] * 10 + [right] * 390)
    baseline = np.stack([right] * 10 + [wrong] * 40 + [right] * 350)
    change = resampled(model, truth) - resampled(baseline, truth)
    deviation = np.sqrt((50 / 400 - 0.075**2) / 400)
    assert change.value == pytest.approx(0.075)
    assert change.paired_ci95 == pytest.approx(
        [0.075 - 1.96 * deviation, 0.075 + 1.96 * deviation], abs=0.006
    )


def test_label_agreement_and_divergence() -> None:
    before = [np.array([0.5, 0.5], np.float32), np.array([0.9, 0.1], np.float32)]
    after = [np.array([0.75, 0.25], np.float32), np.array([0.1, 0.9], np.float32)]
    figures, share = label_agreement(before, after)
    first = 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)
    second = 0.9 * np.log(9) + 0.1 * np.log(1 / 9)
    assert (figures["agreement"], share.value, share.ci95) == (0.5, 0.5, (0.0, 1.0))
    assert figures["kl_divergence"] == pytest.approx((first + second) / 2, rel=1e-6)


def test_divergence_from_a_certain_wrong_answer_is_finite() -> None:
    certain = [np.array([1.0, 0.0], np.float32)]
    opposite = [np.array([0.0, 1.0], np.float32)]
    assert label_agreement(certain, opposite)[0]["kl_divergence"] == pytest.approx(87.3, abs=0.1)
    assert label_agreement(certain, certain)[0] == {"agreement": 1.0, "kl_divergence": 0.0}
