"""How far limits can be moved, and which of them excludes most."""

import itertools
from typing import Any

import pytest
from as_kept import of

from edgeslim.report.limits import hardest, measured, stops
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.figures import FIGURES, limits


@pytest.mark.parametrize("figure", limits(), ids=lambda figure: figure.name)
def test_a_limit_moves_from_the_strictest_that_a_file_keeps_to_one_that_all_keep(
    study: dict[str, Any], figure: Any
) -> None:
    values, found = measured(of(study), figure), stops(of(study), figure)
    assert found == tuple(sorted(set(found)))
    assert len(found) > 1

    def kept(limit: float) -> int:
        return sum(figure.excess(value, limit) <= 1e-9 for value in values)

    counts = [kept(limit) for limit in found]
    assert counts == sorted(counts, reverse=not figure.cost)
    assert min(counts) >= 1, "no limit that nothing keeps"
    assert max(counts) == len(values)


def test_sizes_rise_by_factors_and_ratios_evenly(study: dict[str, Any]) -> None:
    sizes = stops(of(study), FIGURES.get("download"))
    assert {50_000, 100_000, 120_000, 500_000, 1_000_000} <= set(sizes)
    ratios = stops(of(study), FIGURES.get("latency_ratio"))
    steps = {round(b - a, 6) for a, b in itertools.pairwise(ratios)}
    assert len(steps) == 1 and steps.pop() <= 0.05
    assert 0.02 in stops(of(study), FIGURES.get("loss"))


def test_what_was_not_measured_has_no_limits(study: dict[str, Any]) -> None:
    for trial in study["trials"]:
        trial["memory"] = None
    assert stops(of(study), FIGURES.get("memory")) == stops(of(study), FIGURES.get("ram")) == ()


def test_the_limit_that_excludes_most_is_found(study: dict[str, Any]) -> None:
    budget = Budget.of(download=300_000, loss=0.01)
    choice = choose(of(study), budget)
    over = [codes for codes in choice.rejected.values() if "over_download" in codes]
    lossy = [codes for codes in choice.rejected.values() if "over_loss" in codes]
    expected = ("download", len(over)) if len(over) >= len(lossy) else ("loss", len(lossy))
    assert hardest(of(study), budget, choice) == expected
    generous = Budget.of(download=10**9)
    assert hardest(of(study), generous, choose(of(study), generous)) is None


def test_ram_is_file_and_peak_activations(study: dict[str, Any]) -> None:
    trial = of(study).trial(12)
    assert trial is not None and trial.sizes is not None and trial.memory is not None
    assert FIGURES.get("ram").value(trial) == trial.sizes.file + trial.memory["peak_activation"]
