"""Studies that share a store: what one has computed the other takes, and nothing is thrown away under them."""

from __future__ import annotations

from collections import Counter

import psutil
import pytest

from edgeslim import workbench
from edgeslim.cli.main import main
from edgeslim.errors import StoreError

SLOW = {"what": "sleep", "seconds": 2.0}


def test_a_prefix_that_two_studies_share_is_computed_once_even_at_the_same_time(case):
    case.start([{"change": 1.0, **SLOW}, {"change": 2.0}], name="a", workers=1)
    case.start([{"change": 1.0, **SLOW}, {"change": 3.0}], name="b", workers=1)
    first, second = case.finish("a"), case.finish("b")
    assert Counter(case.ran()) == {1.0: 1, 2.0: 1, 3.0: 1}
    prefixes = [study.trials[1].stages[0].sha256 for study in (first, second)]
    assert prefixes[0] == prefixes[1]
    assert [trial.sha256 for trial in (first.trials[0], second.trials[0])] == [first.trials[0].sha256] * 2


def test_garbage_is_collected_when_no_study_is_at_work_and_costs_it_nothing_but_time(case, capsys):
    case.start([{"change": 1.0, **SLOW}, {"change": 2.0}])
    case.wait(lambda: case.ran(), "the first step")
    with pytest.raises(StoreError, match="in use"):
        workbench.collect_garbage(case.store, 0)
    supervisor = psutil.Process(case.pid())
    assert supervisor.memory_info().rss < 150e6, "who only watches needs no torch"
    before = case.finish()
    assert workbench.check_store(case.store) == []
    swept = workbench.collect_garbage(case.store, 0)
    assert swept.removed["stages"].files == 2
    assert main(["store", "check", "--store", str(case.store.root)]) == 0
    assert "what it should be" in capsys.readouterr().out
    assert workbench.check_study("s", case.store) == []
    workbench.extend_study("s", [case.recipe({"change": 1.0, **SLOW}, {"change": 3.0})], case.store)
    after = case.finish()
    assert [trial.state for trial in after.trials] == ["complete"] * 3
    assert after.trials[:2] == before.trials
    assert after.trials[2].stages[0].sha256 == before.trials[1].stages[0].sha256
    assert Counter(case.ran()) == {1.0: 2, 2.0: 1, 3.0: 1}, "only the shared stage was made again"


def test_garbage_collection_gets_its_chance_between_two_trials_of_a_busy_store(case):
    case.start(*({"change": float(i), **SLOW} for i in range(1, 7)), workers=1)
    case.wait(lambda: case.ran(), "the first step")
    swept = workbench.collect_garbage(case.store, 10**9, wait=60)
    assert swept.fits
    assert workbench.study_status("s", case.store).state == "running"
    assert [trial.state for trial in case.finish().trials] == ["complete"] * 7
