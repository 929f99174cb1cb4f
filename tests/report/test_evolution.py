"""How a study came to its front."""

from __future__ import annotations

from typing import Any

import pytest
from as_kept import of

from edgeslim.report.evolution import evolution, evolution_chart
from edgeslim.studies.front_summary import front_summary


def test_the_curve_ends_at_the_studys_hypervolume_and_never_falls(study: dict[str, Any]) -> None:
    found = evolution(of(study))
    summary = front_summary(of(study)).hypervolume
    assert summary is not None
    assert found[-1].covered == pytest.approx(summary.value, abs=1e-6)
    covered = [each.covered for each in found]
    assert covered == sorted(covered)
    assert all(each.alone <= each.covered + 1e-12 for each in found)
    assert found[0].number == 1 and found[0].alone == found[0].covered, "the original is not among them"


def test_what_misses_the_budget_does_not_count(study: dict[str, Any]) -> None:
    study["budget"] = {"download": 300_000}
    assert [each.number for each in evolution(of(study))] == [2, 3, 4, 11, 12, 13, 18]


def test_without_the_original_there_is_no_volume(study: dict[str, Any]) -> None:
    study["trials"][0].update(accuracy=None, fidelity=None)
    assert evolution(of(study)) == ()


def test_each_point_brings_its_trial_back(study: dict[str, Any]) -> None:
    found = evolution(of(study))
    words = dict.fromkeys(("covered", "alone", "trials", "volume"), "x")
    line, points = evolution_chart(found, words).data
    assert list(line.y) == [each.covered for each in found]
    assert [told[0] for told in points.customdata] == [each.number for each in found]
