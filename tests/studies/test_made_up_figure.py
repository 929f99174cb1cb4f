"""A figure is declared once: one that is made up here is found wherever figures are shown, limited or searched for.

Screens: tests/app/test_made_up_figure_on_screen.py.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import StudyError
from edgeslim.jobs import supervisor
from edgeslim.report.document import study_csv, study_json
from edgeslim.report.pareto import pareto_info
from edgeslim.report.text import study_table, trial_lines
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.figures import FIGURES, Figure, axes, columns
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyResult, check_objectives
from edgeslim.studies.trial import TrialResult
from edgeslim.units import DASH, Kind
from edgeslim.workbench.studies import StudyStatus

TESTS = Path(__file__).parents[1]
MILLIJOULES = Kind(
    1e3, "mJ", lambda value: DASH if value is None else f"{1000 * value:.1f} mJ", relative=True
)


def energy(trial: TrialResult, original: TrialResult | None = None) -> float | None:
    """Joules: moving a byte costs as much as a thousand multiplications."""
    if trial.macs is None or trial.sizes is None:
        return None
    return (trial.macs + 1000 * trial.sizes.download) / 1e9


millijoules = MILLIJOULES.text
ENERGY = Figure(
    name="energy",
    label="Energy for one image",
    kind=MILLIJOULES,
    better="minimize",
    read=energy,
    bounds=lambda trial: None if (value := energy(trial)) is None else (0.9 * value, 1.1 * value),
    limit=True,
    objective=True,
)


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    with FIGURES.with_item(ENERGY):
        yield
    assert "energy" not in FIGURES


@pytest.fixture
def study() -> StudyResult:
    return StudyResult.from_json(json.loads((TESTS / "report" / "data" / "study.json").read_text()))


def measured(study: StudyResult) -> dict[int, float]:
    found = {trial.number: energy(trial) for trial in study.trials}
    return {number: value for number, value in found.items() if value is not None}


def test_it_is_an_axis_of_the_chart_with_its_interval_and_its_limit(study: StudyResult) -> None:
    assert ENERGY in axes(study.trials, cost=True) and ENERGY in columns(study.trials)
    limit = sorted(measured(study).values())[3]
    info = pareto_info(study, "energy", "mAP", Budget.of(energy=limit))
    assert info.x_limit == limit
    assert {point.number: point.x for point in info.points}.items() <= measured(study).items()
    for point in info.points:
        assert point.x_bounds == pytest.approx((0.9 * point.x, 1.1 * point.x))
        if point.mark != "baseline":
            assert (point.mark == "over_budget") == (point.x > limit)
    assert max(info.front, key=lambda number: measured(study)[number]) == info.front[-1]


def test_it_is_a_column_of_table_and_csv_and_a_line_of_its_trial(study: StudyResult) -> None:
    original = measured(study)[0]
    head, first, *_ = study_table(study).splitlines()
    assert first[head.index("energy") :].startswith(millijoules(original))
    row = next(csv.DictReader(io.StringIO(study_csv(study))))
    low, high = 0.9 * original, 1.1 * original
    told = [float(row[name]) for name in ("energy", "energy_low", "energy_high")]
    assert told == pytest.approx([original, low, high])
    lines = dict(line.split("  ", 1) for line in trial_lines(study.trials[0]).splitlines())
    assert lines["energy"].strip() == f"{millijoules(original)} ({millijoules(low)} … {millijoules(high)})"


def test_it_limits_what_is_chosen_and_is_weighed_by_the_front(study: StudyResult) -> None:
    limit = sorted(measured(study).values())[3]
    choice = choose(study, Budget.of(energy=limit))
    assert choice.pick is not None and measured(study)[choice.pick] <= limit
    assert choice.rejected[0] == ("over_energy",)
    weighed = replace(study, objectives=check_objectives(["accuracy", "energy"]))
    assert set(json.loads(study_json(weighed))["hypervolume"]["reference"]) == {"accuracy", "energy"}
    best = min(measured(weighed), key=lambda number: measured(weighed)[number])
    assert best in weighed.front


def test_the_shell_takes_it_as_a_limit_and_as_an_objective(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(supervisor, "start", lambda *_: None)
    status = StudyStatus(name="s", state="complete", log=tmp_path / "log")
    monkeypatch.setattr(workbench, "study_status", lambda *_: status)
    data = ["--model", "digits-mlp", "--data", "digits", "--name", "s", "--store", str(tmp_path / "store")]
    search = ["--search", "random", "--trials", "3", "--objective", "accuracy", "--objective", "energy"]
    assert main(["study", "run", *data, *search, "--budget", "energy=2.5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["objectives"], told["budget"]) == (["accuracy", "energy"], {"energy": 0.0025})
    with pytest.raises(SystemExit):
        main(["study", "run", "--help"])
    assert "energy=" in capsys.readouterr().out


def test_a_search_looks_for_little_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TESTS / "jobs"))
    from search_world import World

    world = World(Store(tmp_path), objectives=("accuracy", "energy"), budget=Budget.of(energy=0.4))
    world.plan(SearchRun(sampler="nsga2", trials=30))
    world.run(world.begin())
    found = world.read()
    assert found.search is not None and found.search.ended == "trials"
    values = measured(found)
    assert values[0] == pytest.approx(1.000001)
    assert min(values.values()) < 0.3
    missed = {trial.number for trial in found.trials if "over_energy" in trial.missed}
    assert missed == {
        trial.number for trial in found.trials if trial.state == "complete" and values[trial.number] > 0.4
    }
    assert 0 in missed and len(missed) < len(values)


def test_afterwards_nobody_knows_it() -> None:
    with FIGURES.with_item(replace(ENERGY, name="work")):
        assert Budget.of(work=1.0)
    with pytest.raises(StudyError) as caught:
        Budget.of(work=1.0)
    assert caught.value.code == "unknown_limit"
