"""X-ray and sensitivity on the screen are those of the shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.jobs.errands.looking import LookInside
from edgeslim.progress import silent
from edgeslim.report.inside import by_layer, choices, decibels, layer_rows, what_if
from edgeslim.studies.study import StudyPlan


def test_screen_and_shell_read_the_same_figures(digits_file: Path, tmp_path: Path, own_machine: None) -> None:
    store = Store(tmp_path / "home")
    asked = LookInside(who="test", plan=StudyPlan(model=str(digits_file), dataset="digits"))
    assert workbench.inside(asked, store) is None
    asked.run(store, silent)
    found = workbench.inside(asked, store)
    assert found is not None
    shell = workbench.xray(digits_file, "digits", store=store)
    assert found.xray == shell
    measured = workbench.layer_sensitivity(digits_file, "digits", store=store)
    assert found.sensitivity == measured
    scores = workbench.score_predictions(digits_file, "digits", store=store)
    assert found.scores == scores.layers


def test_what_if_tells_cost_and_saving_of_one_layer(
    digits_file: Path, tmp_path: Path, own_machine: None
) -> None:
    store = Store(tmp_path / "home")
    asked = LookInside(who="test", plan=StudyPlan(model=str(digits_file), dataset="digits"))
    asked.run(store, silent)
    found = workbench.inside(asked, store)
    assert found is not None
    (row,) = layer_rows(found)
    rows = {(each.technique, each.strength): each for each in what_if(found, row.name)}
    four, two = rows["low_bit_weights", 4], rows["low_bit_weights", 2]
    assert four.measured is not None and two.measured is not None
    assert four.measured > two.measured + 3, "two bits fewer are heard"
    weights = found.xray.layers[0].shape[0] * found.xray.layers[0].shape[1]
    assert (four.saved, two.saved) == (round(weights * 4 * 28 / 32), round(weights * 4 * 30 / 32))
    assert set(rows) <= set(choices(found))
    ((name, value, _),) = by_layer(found, ("low_bit_weights", 4))
    assert (name, value) == (row.name, four.measured)
    assert rows["int8_activations", 8].saved is None, "rounded inputs save no storage"


def test_decibels_of_an_error() -> None:
    assert decibels(0.01) == pytest.approx(20)
    assert decibels(0.0) == 80
