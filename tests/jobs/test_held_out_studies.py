"""Studies by real processes: held-out images, seeds, and what is said at the end."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.cli.main import main
from edgeslim.datasets import choosing_part, open_dataset
from edgeslim.errors import DatasetError, StudyError
from edgeslim.studies import storage
from edgeslim.studies.study import StudyPlan, StudyResult


def start(case: Any, **given: Any) -> str:
    plan = StudyPlan(**{"model": str(case.model), "dataset": "digits", "name": "s", "workers": 1, **given})
    recipes = [case.recipe({"change": change}) for change in (1.0, 5.0)]
    return workbench.start_study(plan, recipes, store=case.store)


def test_choosing_never_sees_the_held_out_images_and_the_front_is_scored_on_them(case, capsys):
    start(case)
    study = case.finish()
    choosing, held_out, _ = choosing_part(open_dataset("digits", case.store).split("validation"), None)
    assert study.images == len(choosing)
    assert {trial.accuracy["images"] for trial in study.trials} == {len(choosing)}
    claims = study.held_out
    assert claims is not None
    assert (claims.images, claims.looks) == (len(held_out), 1)
    assert {one.number for one in claims.trials} >= {study.baseline, *study.front}
    chosen = {trial.number: trial.accuracy["top1"] for trial in study.trials}
    assert {one.number: one.chosen for one in claims.trials}.items() <= chosen.items()
    groups = study.groups
    assert (groups.metric, groups.images) == ("top1", len(choosing))
    assert sorted(number for one in groups.alike for number in set(one)) >= sorted(groups.compared)
    assert study.concluded == 3
    plan = workbench.study_plan("s", case.store).to_json()
    assert plan.pop("held_out") is None, "a sensible share"
    assert StudyPlan.from_json(plan).held_out == 0.0, "plans of earlier versions held out nothing"

    found = workbench.compare_trials("s", 1, 0, case.store)
    first = study.trials[1].accuracy
    assert found.difference == pytest.approx(first["paired_delta"])
    assert found.ci95 == tuple(first["paired_ci95"])
    assert (found.first.value, found.images) == (first["top1"], len(choosing))
    assert found.distinguishable is not (found.ci95[0] <= 0 <= found.ci95[1])
    with pytest.raises(StudyError) as refused:
        workbench.compare_trials("s", 1, 9, case.store)
    assert refused.value.code == "no_trial"
    assert main(["study", "compare", "s", "1", "0", "--store", str(case.store.root)]) == 0
    assert "points on the same" in capsys.readouterr().out
    assert main(["study", "show", "s", "--store", str(case.store.root)]) == 0
    assert f"on {len(held_out)} images that nothing was chosen by" in capsys.readouterr().out
    assert main(["study", "show", "s", "--json", "--store", str(case.store.root)]) == 0
    shown = StudyResult.from_json(json.loads(capsys.readouterr().out))
    assert (shown.groups, shown.held_out) == (groups, claims)


def test_few_images_are_all_chosen_by_and_that_is_said(case):
    start(case, dataset=case.pictures)
    study = case.finish()
    assert (study.images, study.held_out) == (12, None)
    assert "held_out_too_few" in [warning.code for warning in study.warnings]


def test_a_share_can_be_asked_for_or_refused(case):
    start(case, dataset=case.pictures, held_out=0.5)
    study = case.finish()
    assert study.images + study.held_out.images == 12
    assert study.held_out.metric == "agreement"
    assert "held_out_small" in [warning.code for warning in study.warnings]
    workbench.delete_study("s", case.store)
    with pytest.raises(DatasetError) as refused:
        start(case, held_out=0.99)
    assert refused.value.code == "held_out_share"
    assert storage.names(case.store) == []


def test_every_recipe_is_repeated_over_seeds(case):
    start(case, dataset=case.pictures, seeds=3)
    study = case.finish()
    trials = study.trials
    assert [trial.recipe.seed for trial in trials] == [0, 0, 1, 2, 0, 1, 2]
    assert [trial.title for trial in trials[1:4]] == ["act", "act · seed 1", "act · seed 2"]
    assert {trial.state for trial in trials} == {"complete"}


def test_a_study_killed_before_its_conclusions_can_be_resumed_for_them(case):
    start(case)
    case.finish()
    journal = storage.StudyJournal(case.store, "s")
    journal.note(concluded=0, groups=None, held_out=None)
    before = workbench.study_result("s", case.store)
    assert (before.groups, before.held_out.trials) == (None, ())
    workbench.resume_study("s", case.store)
    study = case.finish()
    assert (study.concluded, study.held_out.looks) == (3, 1)
    assert study.groups.compared
    with pytest.raises(StudyError) as refused:
        workbench.resume_study("s", case.store)
    assert refused.value.code == "study_complete"


def test_killed_while_scoring_held_out_images_nothing_else_is_lost(case):
    start(case)
    case.wait(
        lambda: (
            workbench.study_status("s", case.store).phase == "claims"
            or workbench.study_status("s", case.store).state != "running"
        ),
        "the last phase",
    )
    if workbench.study_status("s", case.store).state == "running":
        os.kill(case.pid(), signal.SIGKILL)
        case.wait(
            lambda: workbench.study_status("s", case.store).state != "running", "the death of the process"
        )
    study = workbench.study_result("s", case.store)
    assert {trial.state for trial in study.trials} == {"complete"}
    if study.concluded != 3:
        workbench.resume_study("s", case.store)
        study = case.finish()
    assert (study.state, study.concluded, study.held_out.looks) == ("complete", 3, 1)
    assert sorted(case.ran()) == [1.0, 5.0]
