"""Held-out scores: against plain numpy, that nothing leaks, and that the optimism of choosing is found."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_studies import made_study, made_trial

import linear_digits
from edgeslim.artifacts.store import Store
from edgeslim.datasets import choosing_part, open_dataset
from edgeslim.datasets.base import Split
from edgeslim.evaluation import Scored, evaluate
from edgeslim.metrics import resamples
from edgeslim.metrics.bootstrap import HELD_OUT_SEED, resampled_mean
from edgeslim.models.spec import spec_from_json
from edgeslim.records import Sizes
from edgeslim.studies import held_out as module
from edgeslim.studies.groups import HeldOut
from edgeslim.studies.held_out import held_out_scores
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

SPEC = spec_from_json(linear_digits.SPEC)


def study(trials: list[TrialResult], held_out: HeldOut | None = None) -> StudyResult:
    return made_study(trials, state="running", dataset="digits", held_out=held_out)


def trial(number: int, sha256: str, download: int, metric: str, **measured: Any) -> TrialResult:
    return made_trial(number, download, sha256=sha256, primary_metric=metric, **measured)


class Digits:
    """Linear classifiers of rising coarseness: each smaller than the one before, and worse."""

    def __init__(self, store: Store, weights: linear_digits.Weights) -> None:
        self.store, self.weights = store, weights
        whole = open_dataset("digits", store).split("validation")
        self.choosing, self.held_out, _ = choosing_part(whole, None)
        steps = (0.0, 1.0, 1.5, 2.0)
        self.coarse = [weights[0] if step == 0 else np.round(weights[0] / step) * step for step in steps]

    def trials(self, labels: tuple[str, ...] | None = SPEC.labels) -> list[TrialResult]:
        made: list[TrialResult] = []
        base: Path | None = None
        for number, weight in enumerate(self.coarse):
            file = linear_digits.write(
                self.store.root.parent / f"{number}.onnx", weight.astype(np.float32), self.weights[1]
            )
            sha256 = self.store.put(file.read_bytes())
            base = base or self.store.path(sha256)
            found = evaluate(self.store.path(sha256), SPEC, self.choosing, labels, self.store, baseline=base)
            made.append(
                trial(
                    number,
                    sha256,
                    100 - number,
                    found.primary_metric,
                    accuracy=found.accuracy,
                    fidelity=found.fidelity,
                    resamples=found.resamples,
                )
            )
        return made

    def right(self, split: Split, number: int) -> np.ndarray:
        images = np.stack([split.image(i)[:, :, 0].reshape(-1) / 255 for i in range(len(split))])
        truth = np.array([split.target(i) for i in range(len(split))])
        answers: np.ndarray = (images @ self.coarse[number] + self.weights[1]).argmax(axis=1)
        return answers == truth


@pytest.fixture
def digits(tmp_path: Path, digits_weights: linear_digits.Weights) -> Digits:
    return Digits(Store(tmp_path / "store"), digits_weights)


def test_scores_are_those_of_the_held_out_images(digits: Digits) -> None:
    assert digits.held_out is not None
    trials = digits.trials()
    found = held_out_scores(study(trials), digits.held_out, SPEC, SPEC.labels, digits.store)
    assert found is not None
    assert (found.metric, found.images, found.looks) == ("top1", len(digits.held_out), 1)
    assert [one.number for one in found.trials] == [0, 1, 2, 3]
    for one in found.trials:
        number = one.number
        chosen, held = (digits.right(part, number) for part in (digits.choosing, digits.held_out))
        original = digits.right(digits.choosing, 0), digits.right(digits.held_out, 0)
        assert one.chosen == pytest.approx(chosen.mean())
        assert one.value == pytest.approx(held.mean())
        assert one.optimism == pytest.approx(chosen.mean() - held.mean())
        assert one.paired_delta == pytest.approx(held.mean() - original[1].mean())
        change = (chosen.mean() - original[0].mean()) - (held.mean() - original[1].mean())
        assert one.change_optimism == pytest.approx(change)
        low, high = one.optimism_ci95
        spread = 1.96 * np.sqrt(chosen.var() / len(chosen) + held.var() / len(held))
        assert (high - low) / 2 == pytest.approx(spread, rel=0.25)
    assert found.trials[0].paired_ci95 == (0.0, 0.0)
    assert found.trials[0].change_optimism_ci95 == (0.0, 0.0)
    mean = np.mean([one.change_optimism for one in found.trials[1:]])
    assert found.optimism.value == pytest.approx(mean)


def test_nothing_was_scored_on_held_out_images_before(digits: Digits) -> None:
    """Predictions are kept by the images they were made on: before the claims there are none of the others."""
    assert digits.held_out is not None
    trials = digits.trials()
    before = set((digits.store.root / "predictions").iterdir())
    assert len(before) == len(trials)
    held_out_scores(study(trials), digits.held_out, SPEC, SPEC.labels, digits.store)
    assert len(set((digits.store.root / "predictions").iterdir()) - before) == len(trials)


def test_only_candidates_are_scored(digits: Digits) -> None:
    assert digits.held_out is not None
    trials = digits.trials()
    assert trials[1].sizes is not None
    larger = dataclasses.replace(trials[3], sizes=Sizes(file=500, download=500))
    found = held_out_scores(study([*trials[:3], larger]), digits.held_out, SPEC, SPEC.labels, digits.store)
    assert found is not None
    assert [one.number for one in found.trials] == [0, 1, 2]


def test_a_second_look_is_counted_and_earlier_claims_stay(digits: Digits) -> None:
    assert digits.held_out is not None
    trials = digits.trials()
    first = held_out_scores(study(trials[:2]), digits.held_out, SPEC, SPEC.labels, digits.store)
    assert first is not None
    again = held_out_scores(study(trials[:2], first), digits.held_out, SPEC, SPEC.labels, digits.store)
    assert again == first, "the same trials again are no new look"
    smaller = dataclasses.replace(trials[2], sizes=Sizes(file=1, download=1), accuracy={"top1": 1.0})
    more = held_out_scores(
        study([*trials[:2], smaller], first), digits.held_out, SPEC, SPEC.labels, digits.store
    )
    assert more is not None
    assert more.looks == 2
    assert [one.number for one in more.trials] == [0, 1, 2], "1 is on no front any more"
    assert more.trials[1] == first.trials[1]


def test_without_labels_agreement_is_claimed(digits: Digits) -> None:
    assert digits.held_out is not None
    found = held_out_scores(study(digits.trials(None)), digits.held_out, SPEC, None, digits.store)
    assert found is not None
    assert found.metric == "agreement"
    assert (found.trials[0].value, found.trials[0].optimism) == (1.0, 0.0)
    assert 0.5 < found.trials[3].value < 1.0


def test_a_study_without_resamples_makes_no_claims(digits: Digits) -> None:
    assert digits.held_out is not None
    old = [dataclasses.replace(one, resamples=None) for one in digits.trials()]
    assert held_out_scores(study(old), digits.held_out, SPEC, SPEC.labels, digits.store) is None


def test_the_luck_of_the_best_of_many_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten equal models, each right on 80 % of 300 images by chance. The best of them owes its lead to luck: in the
    mean of 40 studies the largest of ten normals, 1.54 deviations of 0.0231."""
    monkeypatch.setattr("os.fsync", lambda handle: None)
    store, rng = Store(tmp_path), np.random.default_rng(0)
    held: dict[str, np.ndarray] = {}

    def scored(path: Path, *_: Any, seed: int, **__: Any) -> Scored:
        assert seed == HELD_OUT_SEED
        figure = resampled_mean(held[path.stem], seed)
        return Scored(accuracy=None, fidelity=None, primary_metric="top1", primary=figure)

    monkeypatch.setattr(module, "score", scored)
    optimism, covered = [], 0
    for _ in range(40):
        trials = []
        for number in range(11):
            sha256 = f"{number:064}"
            right = (rng.uniform(size=300) < 0.8).astype(float)
            held[sha256] = (rng.uniform(size=100) < 0.8).astype(float)
            resamples.keep(store, f"{number:032}", resampled_mean(right))
            trials.append(
                trial(
                    number,
                    sha256,
                    100 if number else 200,
                    "top1",
                    accuracy={"top1": right.mean()},
                    resamples=f"{number:032}",
                )
            )
        found = held_out_scores(study(trials), [None] * 100, SPEC, SPEC.labels, store)  # type: ignore[arg-type]
        assert found is not None
        assert len(found.trials) == 2, "the original, and the best of equally small files"
        best = found.trials[1]
        optimism.append(best.optimism)
        low, high = best.ci95
        covered += low <= 0.8 <= high
    assert np.mean(optimism) == pytest.approx(1.54 * np.sqrt(0.16 / 300), abs=0.015)
    assert covered >= 35, "what it scores held out is honest"
