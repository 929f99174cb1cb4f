"""Studies on a real Dask cluster: a scheduler and two workers on 127.0.0.1, each with a data folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import HOME_VARIABLE, Store
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

distributed = pytest.importorskip("distributed")
DASK = Path(sys.executable).parent / "dask"
HERE = Path(__file__).parent
LONG = {"what": "sleep", "seconds": 60.0, "once": True}


class Cluster:
    """Processes as on three machines: each is a session of its own, and can be killed as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder / "ran.txt"
        self._machines: dict[str, subprocess.Popen[bytes]] = {}
        file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        _wait(file.exists, "the scheduler")
        self.client = distributed.Client(scheduler_file=str(file), set_as_default=False)
        self.address: str = self.client.scheduler.address
        # As one would start it, under Dask's nanny; and without, so that a death is for good.
        self._start("worker", self.address, "--nthreads", "1", name="a")
        self._start("worker", self.address, "--nthreads", "1", "--no-nanny", name="b")
        self.client.wait_for_workers(2, timeout=60)

    def ran(self) -> list[float]:
        return [float(line) for line in self._log.read_text().split()] if self._log.exists() else []

    def at_work(self) -> list[str]:
        """Addresses of the workers that are doing something."""
        return [address for address, tasks in self.client.processing().items() if tasks]

    def kill(self, address: str) -> None:
        """The worker's whole machine, at once."""
        os.killpg(os.getpgid(self.client.run(os.getpid, workers=[address])[address]), signal.SIGKILL)

    def processes(self, address: str) -> int:
        """How many trials' processes the worker has."""
        pid = self.client.run(os.getpid, workers=[address])[address]
        children = [each for each in psutil.Process(pid).children() if each.status() != psutil.STATUS_ZOMBIE]
        return sum("spawn_main" in " ".join(child.cmdline()) for child in children)

    def end(self, name: str) -> None:
        process = self._machines[name]
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        self.client.close()
        for name in self._machines:
            self.end(name)

    def _start(self, *command: str, name: str = "scheduler") -> None:
        home = self.folder / name
        home.mkdir()
        more = ["--local-directory", str(home)] if command[0] == "worker" else []
        with (home / "log.txt").open("wb") as log:
            self._machines[name] = subprocess.Popen(
                [str(DASK), *command, *more, "--no-dashboard"],
                env={
                    **os.environ,
                    HOME_VARIABLE: str(home / "store"),
                    "TMPDIR": str(home),
                    "PYTHONPATH": str(HERE / "in_processes"),
                    "EDGESLIM_TEST_LOG": str(self._log),
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


def _wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60.0
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


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
        told = trial.to_json()
        assert {name: told[name] for name in SAME} == {name: near[name] for name in SAME}
    assert len({trial.sha256 for trial in far.trials}) == 5


def test_a_search_runs_there_on_images_that_were_sent_and_a_trial_is_ended_that_hangs(cluster, case):
    plan = StudyPlan(
        model=str(case.model),
        dataset=str(case.pictures),
        name="s",
        cluster=cluster.address,
        trial_minutes=0.1,
    )
    recipe = case.recipe({"change": 7.0, "what": "hang", "seconds": 600.0})
    search = SearchRun(sampler="random", trials=3)
    workbench.start_study(plan, [recipe], search, case.store)
    study = case.finish()
    assert (study.state, study.error) == ("complete", None)
    assert study.trials[1].error.code == "trial_timeout"
    proposed = [trial for trial in study.trials if trial.proposed]
    assert len(proposed) == 3
    assert any(trial.state == "complete" for trial in proposed)
    received = list((cluster.folder).glob("*/store/received/*/pictures/00.png"))
    assert received
    assert received[0].read_bytes() == (case.pictures / "00.png").read_bytes()


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
