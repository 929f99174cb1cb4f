"""What can be told apart: against closed forms, by brute force, and by error rates over simulated studies."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_studies import made_study, made_trial, recipe
from scipy.stats import norm, studentized_range

from counting import lines
from edgeslim.artifacts.store import Store
from edgeslim.metrics import resamples
from edgeslim.metrics.bootstrap import Resampled, resample_weights
from edgeslim.records import decoded, encoded
from edgeslim.studies.groups import Groups, images_needed
from edgeslim.studies.statistics import (
    alike_sets,
    contenders,
    critical_value,
    possibly_best,
    standard_errors,
    study_groups,
)
from edgeslim.studies.trial import TrialResult


def resampled(scores: np.ndarray, draws: int = 1000) -> np.ndarray:
    """Means of image scores (images, models) on shared resamples: (models, draws)."""
    weights = resample_weights(len(scores), draws)
    table: np.ndarray = scores.T @ weights / len(scores)
    return table


def test_errors_of_differences_are_paired() -> None:
    """Two models that share what is hard: 10 for the images, 1 apart."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 10, (400, 1))
    table = resampled(shared + rng.normal(0, 1, (400, 3)), 4000)
    errors = standard_errors(table)
    assert errors == pytest.approx(errors.T)
    assert (np.diag(errors) == 0).all()
    assert errors[0, 1] == pytest.approx(np.std(table[0] - table[1], ddof=1), rel=1e-9)
    assert errors[0, 1] == pytest.approx(math.sqrt(2 / 400), rel=0.1)
    assert np.std(table[0]) == pytest.approx(10 / 20, rel=0.1), "alone a model is ten times as uncertain"


def test_equal_files_have_no_error_between_them() -> None:
    scores = np.random.default_rng(1).normal(0.7, 0.2, (50, 2))
    table = resampled(scores[:, [0, 1, 0]])
    assert standard_errors(table)[0, 2] == 0.0
    assert standard_errors(table)[0, 1] > 0.0


@pytest.mark.parametrize("models", [2, 5, 12])
def test_critical_value_of_independent_models_is_tukeys(models: int) -> None:
    table = np.random.default_rng(2).normal(0, 1, (models, 20_000))
    wanted = studentized_range.ppf(0.95, models, np.inf) / math.sqrt(2)
    assert critical_value(table, standard_errors(table)) == pytest.approx(wanted, rel=0.02)


def test_pairs_that_hang_together_cost_less_than_bonferroni() -> None:
    """Ten copies of nearly the same model and one other: hardly more than one comparison."""
    rng = np.random.default_rng(3)
    one, other = rng.normal(0, 1, (2, 20_000))
    table = np.stack([one * (1 + 1e-3 * k) for k in range(10)] + [other])
    found = critical_value(table, standard_errors(table))
    assert 1.9 < found < 2.5 < norm.ppf(1 - 0.025 / 55)


def test_without_any_variation_every_difference_counts() -> None:
    table = np.array([[0.5] * 10, [0.4] * 10, [0.5] * 10])
    errors = standard_errors(table)
    assert critical_value(table, errors) == 0.0
    assert possibly_best(np.array([0.5, 0.4, 0.5]), table) == [0, 2]


def test_equal_models_are_told_apart_as_rarely_as_promised() -> None:
    """Of 300 studies of eight models that do not differ, about 5 % call any pair different."""
    rng = np.random.default_rng(4)
    wrong = left_out = 0
    for _ in range(300):
        scores = rng.normal(0, 1, (150, 1)) + rng.normal(0, 0.5, (150, 8))
        table, values = resampled(scores, 400), scores.mean(axis=0)
        errors = standard_errors(table)
        differences = np.abs(np.subtract.outer(values, values))
        wrong += bool((differences > critical_value(table, errors) * errors).any())
        left_out += 0 not in possibly_best(values, table)
    assert 0.02 < wrong / 300 < 0.10
    assert 0.02 < left_out / 300 < 0.10, "any of them may be called the best one"


def test_the_best_stays_and_the_surely_worse_go() -> None:
    rng = np.random.default_rng(5)
    kept = []
    for _ in range(100):
        shared = rng.normal(0, 1, (300, 1))
        scores = shared + rng.normal(0, 0.3, (300, 5)) + np.array([0.5, 0.49, 0.4, 0.1, 0.0])
        kept.append(possibly_best(scores.mean(axis=0), resampled(scores, 400)))
    share = [np.mean([index in one for one in kept]) for index in range(5)]
    assert share[0] > 0.93
    assert share[1] > 0.8, "0.01 apart at an error of 0.024: nobody can tell"
    assert share[2] < 0.15, "0.1 apart: four errors"
    assert share[3] == share[4] == 0.0


def test_sets_of_alike_need_not_be_apart() -> None:
    """a ~ b ~ c, but a and c differ: b is in both sets."""
    different = np.zeros((4, 4), bool)
    for i, j in [(0, 2), (0, 3), (1, 3), (2, 3)]:
        different[i, j] = different[j, i] = True
    assert alike_sets(different) == [[0, 1], [1, 2], [3]]
    assert alike_sets(np.zeros((3, 3), bool)) == [[0, 1, 2]]
    assert alike_sets(~np.eye(3, dtype=bool)) == [[0], [1], [2]]


@pytest.mark.parametrize("seed", range(6))
def test_sets_are_the_largest_without_a_difference(seed: int) -> None:
    """By brute force over all subsets of seven."""
    upper = np.triu(np.random.default_rng(seed).uniform(size=(7, 7)) < 0.2 + 0.1 * seed, 1)
    different = upper | upper.T
    free = [
        set(some)
        for size in range(1, 8)
        for some in itertools.combinations(range(7), size)
        if not different[np.ix_(some, some)].any()
    ]
    largest = sorted(sorted(one) for one in free if not any(one < other for other in free))
    assert alike_sets(different) == largest


def test_images_needed_worked_out_by_hand() -> None:
    """(1.960 + 0.842)² · 0.5² · 100 and (1.960 + 1.645)² · 0.5² · 100."""
    assert images_needed(0.01, 0.005, 100, 0.80) == 197
    assert images_needed(-0.01, 0.005, 100, 0.95) == 325
    assert images_needed(0.02, 0.005, 100, 0.80) == 50, "half the images show twice the difference squared"
    assert images_needed(0.0, 0.005, 100, 0.8) is None
    assert images_needed(0.1, 0.0, 100, 0.8) == 1


def test_so_many_images_do_show_the_difference() -> None:
    """A true difference of 0.05 with deviation 0.4: 503 images show it in four of five studies."""
    images = images_needed(0.05, 0.4 / math.sqrt(100), 100, 0.80)
    assert images == 503
    means = np.random.default_rng(6).normal(0.05, 0.4, (4000, images)).mean(axis=1)
    assert np.mean(np.abs(means) > 1.96 * 0.4 / math.sqrt(images)) == pytest.approx(0.80, abs=0.02)


def trial(
    number: int, value: float | None, download: int, key: str | None = None, **more: Any
) -> TrialResult:
    accuracy = None if value is None else {"top1": value}
    return made_trial(number, download, accuracy=accuracy, primary_metric="top1", resamples=key, **more)


def test_contenders_are_what_any_front_can_show() -> None:
    found = contenders(
        made_study(
            [
                trial(0, 0.7, 100, latency={"ratio": 1.0}),
                trial(1, 0.6, 50, latency={"ratio": 0.9}),
                trial(2, 0.5, 60, latency={"ratio": 0.5}),  # on the front of latency alone
                trial(3, 0.4, 60, latency={"ratio": 0.9}),  # on none
                trial(4, 0.9, 10, state="failed"),
                trial(5, None, 10),
            ]
        )
    )
    assert found == {0, 1, 2}


def test_what_several_limits_at_once_choose_contends_though_it_is_on_no_front() -> None:
    trials = [
        trial(0, 0.7, 100, latency={"ratio": 1.0}),
        trial(1, 0.69, 40, latency={"ratio": 0.9}),  # small, too slow
        trial(2, 0.68, 90, latency={"ratio": 0.4}),  # fast, too large
        trial(3, 0.65, 50, latency={"ratio": 0.5}),
        trial(4, 0.64, 55, latency={"ratio": 0.6}),
    ]
    assert contenders(made_study(trials)) == {0, 1, 2}
    limits = {"download": 60, "latency_ratio": 0.7}
    assert contenders(made_study(trials, budget=limits)) == {0, 1, 2, 3, 4}


def test_other_seeds_of_a_contender_contend_too() -> None:
    trials = [
        trial(0, 0.7, 100),
        trial(1, 0.6, 50),
        trial(2, 0.55, 60, recipe=recipe(1, seed=1)),
        trial(3, 0.5, 60),
    ]
    assert contenders(made_study(trials)) == {0, 1, 2}


def test_of_very_many_contenders_the_original_and_the_best_remain() -> None:
    trials = [trial(0, 0.1, 2000), *(trial(n, 0.2 + n / 1000, 100 + n) for n in range(1, 301))]
    assert contenders(made_study(trials)) == {0, *range(301 - 149, 301)}


def test_sets_of_hundreds_are_found_at_once() -> None:
    """600 models in a row, each alike with the 30 on either side: 570 sets of 31."""
    different = {count: np.abs(np.subtract.outer(range(count), range(count))) > 30 for count in (300, 600)}
    assert alike_sets(different[600]) == [list(range(first, first + 31)) for first in range(570)]
    half, whole = (lines(lambda count=count: alike_sets(different[count])) for count in different)
    assert whole < 3 * half < 3_000_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def keep(store: Store, scores: np.ndarray) -> list[str]:
    """The models' resamples (images, models) in the store; their keys."""
    keys = [f"{number:032}" for number in range(scores.shape[1])]
    for key, values, row in zip(keys, scores.T, resampled(scores), strict=True):
        resamples.keep(store, key, Resampled(float(values.mean()), row, len(scores)))
    return keys


def test_groups_of_a_study(store: Store) -> None:
    """1 and 2 are one file; 3 is a little worse than the original, 4 much worse, and off every front 5."""
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.3, (300, 1)) + rng.normal(0, 0.05, (300, 6))
    scores = 0.7 + noise - noise.mean(axis=0) + np.array([0, -0.0005, 0, -0.002, -0.3, -0.31])
    scores[:, 2] = scores[:, 1]
    keys = keep(store, scores)
    means = scores.mean(axis=0)
    sizes = [100, 60, 60, 50, 20, 90]
    found = study_groups(made_study([trial(n, means[n], sizes[n], keys[n]) for n in range(6)]), store)
    assert found is not None
    assert (found.metric, found.images, found.level) == ("top1", 300, 0.95)
    # Of two trials with equal figures a front shows the first.
    assert set(found.compared) == {0, 1, 3, 4}
    assert found.compared[-1] == 4
    assert [set(one) for one in found.alike] == [{0, 1, 3}, {4}]
    assert set(found.best) == {0, 1, 2, 3}
    assert [len(row) for row in found.errors] == [0, 1, 2, 3]
    assert found.errors[3][0] == pytest.approx(0.05 * math.sqrt(2 / 300), rel=0.15)
    assert 2.0 < found.critical < 3.0
    data = encoded(found)
    assert list(data["alike"][-1]) == [4]
    assert set(data) == {"metric", "level", "images", "compared", "errors", "critical", "alike", "best"}
    assert decoded(Groups, json.loads(json.dumps(data))) == found


def test_trials_whose_resamples_are_gone_are_left_out(store: Store) -> None:
    keys = keep(store, np.random.default_rng(8).normal(0.5, 0.1, (40, 2)))
    there = [
        trial(0, 0.5, 100, keys[0]),
        trial(1, 0.5, 50, keys[1]),
        trial(2, 0.5, 40, "f" * 32),
        trial(3, 0.5, 1),
    ]
    found = study_groups(made_study(there), store)
    assert found is not None
    assert set(found.compared) | set(found.best) == {0, 1}
    assert study_groups(made_study(there[1:]), store) is None, "one alone is like nothing else"


def test_resamples_without_objects_are_left_out_for_all(store: Store) -> None:
    rng = np.random.default_rng(9)
    for key in ("a" * 32, "b" * 32):
        row = rng.normal(0.5, 0.01, 1000)
        row[::50] = np.nan
        resamples.keep(store, key, Resampled(0.5, row, 30))
    found = study_groups(made_study([trial(0, 0.5, 9, "a" * 32), trial(1, 0.5, 8, "b" * 32)]), store)
    assert found is not None
    assert found.critical == pytest.approx(1.96, abs=0.2)


def test_grouping_twice_as_many_trials_is_twice_the_work(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda handle: None)
    rng = np.random.default_rng(10)
    scores = 0.7 + rng.normal(0, 0.3, (300, 1)) + rng.normal(0, 0.1, (300, 600)) + np.linspace(0, -0.3, 600)
    keys, means = keep(store, scores), scores.mean(axis=0)
    trials = [trial(n, means[n], 10_000 - 9 * n, keys[n]) for n in range(600)]
    found = study_groups(made_study(trials), store)
    assert found is not None and 0 in found.compared
    half = lines(lambda: study_groups(made_study(trials[:300]), store))
    assert lines(lambda: study_groups(made_study(trials), store)) < 2.2 * half < 1_000_000
