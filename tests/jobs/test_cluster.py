"""Studies on a real Dask cluster: a scheduler and two workers on 127.0.0.1, each with a data folder of its own."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dask_cluster import Cluster
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs import connecting, remote
from edgeslim.jobs.job import Job, perform
from edgeslim.jobs.transfer import transfer_bundle
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.studies import storage
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan
from edgeslim.studies.task import TrialTask

LONG = {"what": "sleep", "seconds": 60.0, "once": True}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


SAME = ("sha256", "sizes", "macs", "accuracy", "fidelity", "model", "resamples")
"""Figures that do not depend on time."""


def test_other_versions_and_wrong_addresses_are_refused(cluster, case, monkeypatch):
    monkeypatch.setattr(connecting, "PATIENCE", 0.5)
    with pytest.raises(StudyError) as caught:
        connecting.connect("tcp://127.0.0.1:1")
    assert caught.value.code == "cluster_unreachable"
    here = remote.environment()
    with monkeypatch.context() as patch:
        patch.setattr(remote, "environment", lambda: {**here, "torch": "0.1"})
        with pytest.raises(StudyError) as caught:
            connecting.connect(cluster.address)
    assert caught.value.code == "cluster_versions"
    assert caught.value.values["here"] == "torch 0.1"
    assert caught.value.values["there"] == f"torch {here['torch']}"

    # A worker that comes later is asked with every trial.
    with monkeypatch.context() as patch:
        patch.setattr("edgeslim.jobs.supervisor.start", lambda *_: None)
        case.start({"change": 8.0}, name="planned")
    plan = storage.read_plan(case.store, "planned")
    order = remote.Order(Job(Path(), plan, 1), "t", {**remote.versions(), "onnx": "0.1"})
    reply = cluster.client.submit(remote.work_on, order, transfer_bundle(plan, case.store)).result()
    assert (reply.outcome.stops_study, reply.outcome.error.code) == (True, "cluster_versions")
    assert not (cluster.folder / "a" / "store").exists()


def test_a_cluster_gives_what_one_machine_gives_though_a_worker_dies_in_the_middle(cluster, case):
    changes: list[Any] = [
        {"change": 1.0, **LONG},
        {"change": 2.0},
        [{"change": 3.0}, {"change": 4.0}],
        [{"change": 3.0}, {"change": 5.0}],
    ]
    case.start(*changes, data="digits", cluster=cluster.address)
    case.wait(
        lambda: 1.0 in cluster.ran() and workbench.study_status("s", case.store).done == 4, "the others"
    )
    (busy,) = cluster.at_work()
    cluster.kill(busy)
    far = case.finish()
    assert (far.state, far.error) == ("complete", None)
    assert [(t.number, t.state) for t in far.trials] == [(n, "complete") for n in range(5)]
    # Nothing was made twice but what died; the shared beginning was made once, for both that build on it.
    assert Counter(cluster.ran()) == {1.0: 2, 2.0: 1, 3.0: 1, 4.0: 1, 5.0: 1}
    assert workbench.check_study("s", case.store) == []
    stores = [cluster.folder / name / "store" / "blobs" for name in "ab"]
    assert all(any(store.rglob("*.onnx")) for store in stores)

    # What a process of this machine does for each trial, in an empty store.
    Path(os.environ["EDGESLIM_TEST_LOG"]).write_text("1.0\n")  # so that it does not sleep
    own, plan = Store(case.store.root.parent / "alone"), storage.read_plan(case.store, "s")
    for trial in far.trials:
        task = TrialTask(trial.number, Recipe.from_json(trial.recipe.to_json()), evaluate=True)
        near = perform(Job(own.root, plan, threads=1, task=task), silent).result
        assert near is not None
        told, here = trial.to_json(), json.loads(json.dumps(near))
        assert {name: told[name] for name in SAME} == {name: here[name] for name in SAME}
    assert len({trial.sha256 for trial in far.trials}) == 5


def test_a_search_runs_there_on_images_that_were_sent(cluster, case):
    plan = StudyPlan(model=str(case.model), dataset=str(case.pictures), name="s", cluster=cluster.address)
    workbench.start_study(plan, search=SearchRun(sampler="random", trials=3), store=case.store)
    study = case.finish()
    assert (study.state, study.error) == ("complete", None)
    proposed = [trial for trial in study.trials if trial.proposed]
    assert len(proposed) == 3
    assert any(trial.state == "complete" for trial in proposed)
    received = list((cluster.folder).glob("*/store/received/*/pictures/00.png"))
    assert received
    assert received[0].read_bytes() == (case.pictures / "00.png").read_bytes()


@pytest.mark.usefixtures("second_runtime")
def test_files_delivered_for_other_runtimes_come_home_and_are_timed_here(cluster, case):
    case.start({"change": 2.5}, cluster=cluster.address, runtimes=["reference"])
    case.finish()
    for trial in storage.read(case.store, "s").trials:
        found = trial.runtimes["reference"]
        assert found.error is None
        assert case.store.path(found.sha256, ".coarse").stat().st_size == found.bytes
        assert found.latency.rounds == 30


def test_cancelling_frees_the_workers_and_a_lost_scheduler_is_told(cluster, case, capsys):
    case.start({"change": 6.0, **LONG}, {"change": 9.0, **LONG}, cluster=cluster.address)
    case.wait(lambda: cluster.at_work() and 6.0 in cluster.ran(), "the trial")
    busy = cluster.at_work()
    assert any(cluster.processes(address) for address in busy)
    workbench.cancel_study("s", case.store)
    case.wait(lambda: not any(cluster.processes(address) for address in busy), "the workers' rest")

    workbench.resume_study("s", case.store)
    case.wait(lambda: 9.0 in cluster.ran() and cluster.at_work(), "the trial after the one that was resumed")
    case.wait(lambda: workbench.study_status("s", case.store).done == 2, "that one")
    cluster.end("scheduler")
    study = case.finish()
    assert (study.state, study.error.code) == ("failed", "cluster_lost")
    assert "--cluster none" in case.shown(capsys)

    Path(os.environ["EDGESLIM_TEST_LOG"]).write_text("9.0\n")  # so that it does not sleep here
    workbench.resume_study("s", case.store, cluster="none")
    study = case.finish()
    assert [trial.state for trial in study.trials] == ["complete"] * 3
    assert case.ran() == [9.0, 9.0]
