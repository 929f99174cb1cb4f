"""What a search tries, promotes, drops, and remembers, in a made-up world."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from search_world import World

from counting import lines
from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord, StudyError
from edgeslim.recipe import Recipe
from edgeslim.records import encoded
from edgeslim.search.space import recovers
from edgeslim.search.strategy import parts
from edgeslim.studies.budget import Budget
from edgeslim.studies.front_summary import front_summary
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import StudyJournal, study_search
from edgeslim.studies.trial import TrialResult

RANDOM = SearchRun(sampler="random", trials=40)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Store(tmp_path))


def recipe_of(trial: TrialResult) -> Recipe:
    return Recipe.from_json(trial.recipe.to_json())


def test_recovery_is_tried_cheaply_first_and_little_of_it_measured_fully(world: World):
    world.plan(replace(RANDOM, trials=60))
    world.run(world.begin())
    study = world.read()
    assert {trial.state for trial in study.trials} == {"complete", "pruned"}
    assert len(study.trials) == 61
    assert study.search is not None and study.search.ended == "trials"
    assert not study.searching
    shapes = [t for t in study.trials if recovers(recipe_of(t)) and not parts(recipe_of(t))[1].steps]
    dropped = [trial for trial in shapes if trial.state == "pruned"]
    assert len(dropped) >= len(shapes) / 2 > 3
    assert all(recovers(recipe_of(t)) for t in study.trials if t.state == "pruned"), (
        "the rest is cheap anyway"
    )
    cheap = [task for task in world.ran if task.images is not None]
    assert {task.number for task in cheap} == {trial.number for trial in shapes}
    tuned = [step.steps for task in cheap for step in task.recipe.steps if step.name == "fine_tuning"]
    assert 0 < max(tuned) <= 60


def test_recovered_shapes_are_combined_with_storages_that_promise_most(world: World):
    world.plan(replace(RANDOM, trials=60))
    world.run(world.begin())
    study = world.read()
    made = {Recipe(recipe_of(t).steps).fingerprint() for t in study.trials if t.state == "complete"}
    both = [each for each in map(recipe_of, study.trials) if all(part.steps for part in parts(each))]
    assert len(both) >= 5
    for each in both:
        assert {part.fingerprint() for part in parts(each)} <= made, "both parts are measured"
    on_front = [recipe_of(trial) for trial in study.trials if trial.number in study.front]
    assert any(each in both for each in on_front)


def test_cheap_measurements_are_kept_as_what_they_are(world: World):
    world.plan(RANDOM)
    world.run(world.begin())
    study = world.read()
    dropped = [trial for trial in study.trials if trial.state == "pruned"]
    for trial in dropped:
        assert (trial.sizes, trial.accuracy, trial.sha256, trial.latency) == (None, None, None, None)
        assert trial.rungs[0]["images"] < 400
        assert trial.rungs[0]["accuracy"]["mAP"] > 0
    assert not {trial.number for trial in dropped} & set(study.front)
    promoted = next(t for t in study.trials if t.state == "complete" and recovers(recipe_of(t)))
    assert promoted.rungs[0]["share"] < 1
    assert promoted.rungs[0]["sizes"]["download"] == promoted.sizes.download
    assert promoted.rungs[0]["accuracy"]["paired_delta"] < promoted.accuracy["paired_delta"]
    assert promoted.found_after is not None


def test_without_several_fidelities_everything_is_measured_fully(world: World):
    world.plan(replace(RANDOM, multi_fidelity=False, trials=12))
    world.run(world.begin())
    assert Counter(trial.state for trial in world.read().trials) == {"complete": 13}
    assert [task.rung for task in world.ran] == [0] * 12
    assert all(task.images is None for task in world.ran)


def test_learning_samplers_begin_with_ready_recipes_and_others_do_not(world: World, tmp_path: Path):
    world.plan(SearchRun(sampler="nsga2", trials=6))
    world.run(world.begin())
    titles = [trial.title for trial in world.read().trials]
    assert titles[1:3] == ["float16", "int8"]
    other = World(Store(tmp_path / "other"))
    other.plan(replace(RANDOM, trials=6))
    other.run(other.begin())
    assert "int8" not in [trial.title for trial in other.read().trials]


def test_time_ends_it_and_nothing_is_begun_that_cannot_end_in_time(world: World):
    world.plan(replace(RANDOM, trials=None, minutes=5.0))
    search = world.begin()
    world.run(search)
    assert search.search_run.ended == "time"
    assert 270 < search.search_run.spent <= 300 * 1.05, "but for a step that was never seen"
    assert world.read().search.spent == pytest.approx(search.search_run.spent, abs=130)


def test_recovery_that_would_take_too_long_is_shortened(world: World):
    world.plan(replace(RANDOM, trials=None, minutes=8.0))
    world.run(world.begin())
    done = [trial for trial in world.read().trials if trial.state == "complete"]
    recovered = [trial for trial in done if recovers(recipe_of(trial))]
    assert recovered
    assert all(trial.seconds <= 480 / 8 + 5 for trial in recovered), "there is time for others"


def test_no_progress_ends_it(world: World):
    world.plan(replace(RANDOM, trials=None, patience=15))
    search = world.begin()
    world.run(search)
    assert search.search_run.ended == "patience"
    assert 15 < len(world.read().trials) < 400


def test_a_small_space_ends_it(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("search_world.STEPS", ("float16",))
    world.plan(RANDOM)
    search = world.begin()
    world.run(search)
    assert search.search_run.ended == "space"
    assert [trial.title for trial in world.read().trials] == ["float32", "float16"]


def test_a_budget_steers_what_is_combined_and_chosen(tmp_path: Path):
    limit = 200_000
    world = World(Store(tmp_path), budget=Budget.of(download=limit))
    world.plan(replace(RANDOM, trials=60))
    world.run(world.begin())
    study = world.read()
    done = [trial for trial in study.trials if trial.state == "complete"]
    both = [trial for trial in done if all(part.steps for part in parts(recipe_of(trial)))]
    assert len(both) >= 5
    assert all(trial.sizes.download <= 1.05 * limit for trial in both)
    found = front_summary(study)
    assert found.choice is not None and found.hypervolume is not None
    pick = next(trial for trial in done if trial.number == found.choice.pick)
    assert pick.sizes.download <= limit
    assert study.trials[0].missed == ("over_download",)
    assert found.hypervolume.reference == {"accuracy": pytest.approx(0.4), "download": limit}


def test_evolution_covers_more_than_chance_in_the_same_time(tmp_path: Path):
    volumes: dict[str, list[float]] = {"nsga2": [], "random": []}
    for sampler, found in volumes.items():
        for seed in range(3):
            world = World(Store(tmp_path / f"{sampler}{seed}"))
            cheap = sampler == "nsga2"
            world.plan(SearchRun(sampler=sampler, minutes=12.0, seed=seed, multi_fidelity=cheap))
            world.run(world.begin())
            found.append(front_summary(world.read()).hypervolume.value)
    assert sorted(volumes["nsga2"])[1] > 1.05 * sorted(volumes["random"])[1]


def test_latency_is_measured_in_batches_before_anybody_is_promoted(tmp_path: Path):
    world = World(Store(tmp_path), budget=Budget.of(latency_ratio=0.9))
    world.plan(replace(RANDOM, trials=30))
    world.run(
        world.begin(["channel_pruning", "magnitude_pruning", "fine_tuning"])
    )  # nothing else makes them faster
    first = next(index for index, task in enumerate(world.ran) if task.rung == 1)
    assert first >= 6
    study = world.read()
    kept = [t for t in study.trials if t.state == "complete" and t.number]
    promoted = [trial for trial in kept if trial.rungs]
    assert all(trial.rungs[0]["latency"]["ratio"] > 0 for trial in promoted)
    assert sum(trial.rungs[0]["latency"]["ratio"] <= 0.9 for trial in promoted) > len(promoted) / 2 > 0
    assert all(("over_latency_ratio" in t.missed) == (t.latency.ratio > 0.9) for t in kept)


def test_a_killed_search_goes_on_where_it_was(world: World):
    world.plan(RANDOM)
    left = iter(range(25))
    world.run(world.begin(), stop=lambda: next(left, None) is None)
    before = world.read()
    assert before.searching
    running = [trial for trial in before.trials if trial.state == "waiting"]
    assert running
    world.run(world.begin())
    study = world.read()
    assert not study.searching
    assert Counter(trial.state for trial in study.trials)["waiting"] == 0
    assert len(study.trials) == 41
    begun = Counter((task.number, task.rung) for task in world.ran)
    assert sum(times - 1 for times in begun.values()) <= 1, "only what ran when it was killed ran again"
    assert len({trial.recipe_fingerprint for trial in study.trials}) == 41


def test_going_on_takes_up_what_was_dropped(world: World):
    world.plan(RANDOM)
    world.run(world.begin())
    first = world.read()
    journal = StudyJournal(world.store, "s")
    journal.note(search=encoded(SearchRun(sampler="random", trials=30, first=journal.count)))
    world.ran.clear()
    world.run(world.begin())
    study = world.read()
    assert study.search.first == 41
    assert study.search.ended == "trials"
    new = [trial for trial in study.trials if trial.number >= 41]
    assert 25 <= len(new) <= 40
    again = [task for task in world.ran if task.number >= 41 and task.rung == 1]
    cheap = {task.number for task in world.ran if task.rung == 0}
    revived = [task for task in again if task.number not in cheap]
    assert revived, "some that were dropped deserve more now"
    old = {trial.number for trial in first.trials}
    assert {trial.number for trial in study.trials if trial.number < 41} < old, "they are shown once"
    assert len({trial.recipe_fingerprint for trial in study.trials}) == len(study.trials)


def test_a_study_of_given_recipes_can_be_searched_on(world: World):
    world.plan(replace(RANDOM, trials=3))
    journal = StudyJournal(world.store, "s")
    ended = SearchRun(sampler="nsga2", trials=12, first=journal.count)
    journal.note(search=encoded(ended))
    world.run(world.begin())
    assert study_search(world.store, "s").ended == "trials"
    assert len(world.read().trials) == 13


def test_failures_are_no_proposals_of_anything(world: World):
    world.plan(replace(RANDOM, trials=20))
    search = world.begin()
    while (todo := search.next()) is not None:
        if "static_int8" in [step.name for step in todo.recipe.steps]:
            search.failed(todo)
            world.journal.fail(todo.number, "failed", ErrorRecord("c", {}))
        else:
            world.perform(search, todo)
    search.finish()
    world.complete()
    states = Counter(trial.state for trial in world.read().trials)
    assert states["failed"] > 0
    assert states["waiting"] == 0
    world.begin()


def test_what_cannot_be_measured_is_no_objective(tmp_path: Path):
    world = World(Store(tmp_path), objectives=("agreement", "download"))
    world.plan(RANDOM)
    journal = StudyJournal(world.store, "s")
    original = replace(world.read().trials[0], fidelity=None)
    study = replace(world.read(), trials=(original,))
    with pytest.raises(StudyError) as caught:
        type(world.begin())(journal, study, ())
    assert caught.value.code == "objective_not_measured"


def test_asking_costs_at_most_in_proportion_to_what_was_tried(world: World):
    world.plan(SearchRun(sampler="nsga2", trials=150))
    search, dearest, todo = world.begin(), {70: 0, 200: 0}, list[Any]()
    for number in range(200):
        near = next((each for each in dearest if each - 10 <= number < each), None)
        if near is None:
            todo.append(search.next())
        else:
            dearest[near] = max(dearest[near], lines(lambda: todo.append(search.next())))
        world.perform(search, todo[-1])
    assert dearest[200] < 200 / 70 * dearest[70] < 5_000_000, "however many were tried, nobody waits for it"
