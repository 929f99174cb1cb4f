"""What a study gives a cluster and takes from it, without one: Dask's client is played."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeslim import pipeline, workbench
from edgeslim.artifacts.bundle import Bundle
from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.errors import ModelError, StoreError, StudyError
from edgeslim.jobs import cluster as clusters
from edgeslim.jobs import connecting, remote
from edgeslim.jobs.cluster import ClusterPool
from edgeslim.jobs.job import Job, Outcome
from edgeslim.jobs.pool import Event
from edgeslim.jobs.remote import Order, Reply, work_on
from edgeslim.jobs.transfer import transfer_bundle
from edgeslim.models.importing import import_onnx
from edgeslim.models.library import open_model
from edgeslim.recipe import Recipe
from edgeslim.studies.study import StudyPlan
from edgeslim.studies.task import TrialTask

pytest.importorskip("distributed")
ROUNDED = {"steps": [{"step": "float16"}]}


class Client:
    """A cluster whose workers are a mapping, and whose tasks stay as they are until a test ends them."""

    def __init__(self) -> None:
        self.workers = {"tcp://10.0.0.7:1": 1}
        self.tasks: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], Future[Any]]] = []

    def subscribe_topic(self, topic: str, told: object) -> None: ...

    def close(self) -> None: ...

    def cancel(self, futures: object) -> None: ...

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def submit(self, function: Callable[..., Any], *arguments: Any, **more: Any) -> Future[Any]:
        assert more.get("workers") or not more.get("allow_other_workers"), "as Dask has it"
        future: Future[Any] = Future()
        self.tasks.append((function, arguments, more, future))
        return future

    @property
    def orders(self) -> list[tuple[Order, tuple[Any, ...], dict[str, Any], Future[Any]]]:
        """The trials: an order, what was sent along with it, how, and its future."""
        return [
            (arguments[0], arguments[1:], more, future)
            for function, arguments, more, future in self.tasks
            if function is work_on
        ]

    def sent_with(self, number: int) -> set[str]:
        """Places of the files that went with an order, but for the transfer_bundle."""
        contents = {id(future): arguments[0] for _, arguments, _, future in self.tasks}
        return {place for future in self.orders[number][1][1:] for place in contents[id(future)].files}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    played = Client()
    monkeypatch.setattr(clusters, "connect", lambda _: played)
    return played


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def pool(client: Client, store: Store) -> Iterator[ClusterPool]:
    made = ClusterPool("tcp://10.0.0.5:8786", store, "s")
    yield made
    made.close()


@pytest.fixture
def plan(digits_file: Path) -> StudyPlan:
    return StudyPlan(
        name="s",
        model=str(digits_file),
        model_name="linear",
        dataset="digits",
        dataset_name="digits",
        created="",
    )


def job(plan: StudyPlan, store: Store, recipe: Any = None, images: int | None = None) -> Job:
    chosen = Recipe() if recipe is None else Recipe.from_json(recipe)
    return Job(store.root, plan, 1, task=TrialTask(1, chosen, evaluate=True, images=images))


def outcome_of(pool: ClusterPool) -> Outcome:
    deadline, events = time.monotonic() + 20, list[Event[Job]]()
    while not events:
        assert time.monotonic() < deadline
        events = pool.wait(0.1)
    (event,) = events
    assert event.kind == "done"
    outcome: Outcome = event.value
    return outcome


def test_the_last_worker_may_leave_between_two_looks(pool, client, plan, store, monkeypatch):
    assert pool.ready()
    client.workers = {}
    monkeypatch.setattr(clusters, "_FRESH", -1.0)
    pool.submit(job(plan, store))
    ((_, _, more, _),) = client.orders
    assert (more["workers"], more["allow_other_workers"]) == (None, False)
    monkeypatch.setattr(clusters, "LONELY", 0.0)
    with pytest.raises(StudyError) as caught:
        pool.wait(0.0)
    assert caught.value.code == "cluster_empty"


def test_records_at_home_win_and_only_what_trials_make_is_taken(pool, client, plan, store):
    store.put_record("stages", "key", {"sha256": "mine"})
    pool.submit(job(plan, store))
    sent = Bundle.of({"stages/key.json": b'{"sha256": "theirs"}', "stages/new.json": b'{"sha256": "theirs"}'})
    client.orders[0][3].set_result(Reply(Outcome(result={}), sent))
    assert outcome_of(pool).error is None
    assert store.get_record("stages", "key") == {"sha256": "mine"}
    assert store.get_record("stages", "new") == {"sha256": "theirs"}

    pool.submit(job(plan, store))
    client.orders[1][3].set_result(Reply(Outcome(result={}), Bundle.of({"models/mine.json": b"{}"})))
    refused = outcome_of(pool)
    assert refused.error is not None
    assert (refused.error.code, refused.stops_study) == ("parcel_place", False)
    assert store.keys("models") == []


def test_a_recipes_own_stages_go_with_its_next_rung_and_scores_do_not(pool, client, plan, store):
    for rung, made in enumerate((("stages/one.json", "predictions/few.npz"), ("predictions/more.npz",), ())):
        pool.submit(job(plan, store, ROUNDED, images=10 * (rung + 1)))
        # What was made before the first rung is nothing; after it, the stage is sent, also when that made only scores.
        assert client.sent_with(rung) == (set() if rung == 0 else {"stages/one.json"})
        client.orders[rung][3].set_result(Reply(Outcome(result={}), Bundle.of(dict.fromkeys(made, b"{}"))))
        assert outcome_of(pool).error is None
        pool._at_hand.clear()  # as after resuming


def test_nothing_is_thrown_away_while_trials_are_out_and_the_store_is_free_between(pool, client, plan, store):
    pool.submit(job(plan, store))
    pool.wait(0.0)
    with pytest.raises(StoreError) as caught:
        workbench.collect_garbage(store)
    assert caught.value.code == "store_in_use"
    client.orders[0][3].set_result(Reply(Outcome(result={})))
    outcome_of(pool)
    with pytest.raises(StoreError):
        workbench.collect_garbage(store)
    pool.close()
    assert workbench.collect_garbage(store).before > 0


def test_teachers_go_without_their_names_and_by_path_too(pool, client, plan, store, digits_file, tmp_path):
    registered = import_onnx(digits_file, name="mine", store=store)
    for reference in ("mine", str(digits_file)):
        recipe = {"steps": [{"step": "distil_from_teacher", "teacher": reference}]}
        pool.submit(job(plan, store, recipe))
        order = client.orders[-1][0]
        (teacher,) = order.job.models.values()
        assert list(order.job.models) == [reference]
        assert teacher == open_model(reference, store)
        assert client.sent_with(len(client.orders) - 1) == {
            f"blobs/{registered.sha256[:2]}/{registered.sha256}.onnx"
        }

        # Its name and its path mean nothing there.
        there = Store(tmp_path / f"there-{len(client.orders)}")
        images = open_dataset("digits", store).split("calibration")
        data = pipeline.TaskData(calibration=images, models=order.job.models)
        found = pipeline.check(Recipe.from_json(recipe), teacher, data, there)
        assert found[reference].sha256 == registered.sha256

    pool.submit(
        job(plan, store, {"steps": [{"step": "distil_from_teacher", "teacher": "street-signs-large"}]})
    )
    assert client.orders[-1][0].job.models == {}, "samples are everywhere"


def test_a_teacher_that_is_not_there_fails_its_trial_alone(pool, client, plan, store):
    pool.submit(job(plan, store, {"steps": [{"step": "distil_from_teacher", "teacher": "nobody"}]}))
    refused = outcome_of(pool)
    assert refused.error is not None
    assert (refused.error.code, refused.stops_study) == ("unknown_model", False)
    assert (client.orders, pool.running) == ([], [])
    with pytest.raises(ModelError):
        open_model("nobody", store)


class Worker:
    address = "tcp://10.0.0.7:1"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """The data folder of a worker, which this process plays."""
    monkeypatch.setattr("distributed.get_worker", Worker)
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path / "there"))
    return Store(tmp_path / "there")


def test_one_workers_full_disk_fails_a_trial_and_is_told_with_its_address(worker, plan, store, monkeypatch):
    full = StoreError("disk_full", path="/x/y", variable="EDGESLIM_HOME")
    sent = transfer_bundle(plan, store)
    order = Order(job(plan, store), "t", remote.versions())
    by_job = Reply(Outcome(error=full.record(), stops_study=True))
    monkeypatch.setattr(remote, "_done", lambda *_: by_job)
    replies = [work_on(order, sent)]

    def refuse(*_: object, **__: object) -> None:
        raise full

    monkeypatch.setattr(Bundle, "unpack", refuse)
    replies.append(work_on(order, sent))
    for reply in replies:
        error = reply.outcome.error
        assert error is not None
        assert (error.code, reply.outcome.stops_study) == ("disk_full", False)
        assert error.values["path"] == "/x/y (tcp://10.0.0.7:1)"
        assert str(error).startswith("The disk is full: “/x/y (tcp://10.0.0.7:1)” could not be written.")


def test_a_worker_works_with_the_models_it_was_sent_and_returns_what_trials_make(
    worker, plan, store, monkeypatch
):
    done: list[Job] = []

    def perform(given: Job, *_: object) -> Reply:
        done.append(given)
        worker.put_record("stages", "key", {})
        worker.put_record("imports", "key", {})
        return Reply(Outcome(result={}), places=("stages/key.json", "imports/key.json"))

    monkeypatch.setattr(remote, "_done", perform)
    sent = transfer_bundle(plan, store)
    order = Order(replace(job(plan, store), models={"mine": sent.model}), "t", remote.versions())
    reply = work_on(order, sent)
    assert set(reply.bundle.files) == {"stages/key.json"}
    (given,) = done
    assert set(given.models) == {"mine", plan.model}
    assert {model.path for model in given.models.values()} == {worker.path(sent.model.sha256)}
    assert worker.path(sent.model.sha256).read_bytes() == sent.model.path.read_bytes()
    assert worker.keys("models") == []


def test_what_a_worker_was_sent_is_no_more_than_a_cache_there(worker, plan, store, tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "_done", lambda *_: Reply(Outcome(result={})))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "0.png").write_bytes(b"pixels")
    work_on(
        Order(job(plan, store), "t", remote.versions()),
        transfer_bundle(replace(plan, dataset=str(pictures)), store),
    )
    files = [path for path in worker.root.rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in files) == [".onnx", ".png"]
    for path in files:
        os.utime(path, (0, 0))
    workbench.collect_garbage(worker, max_bytes=0)
    assert not any(path.exists() for path in files)


@pytest.mark.parametrize(
    ("address", "setting"),
    [("tls://127.0.0.1:1", {}), ("tcp://127.0.0.1:1", {"distributed.comm.require-encryption": True}),
     ("tls://127.0.0.1:1", {"distributed.comm.tls.ca-file": "/nowhere/ca.pem"})],
)  # fmt: skip
def test_a_connection_that_dasks_configuration_forbids_is_told(address, setting):
    import dask

    with dask.config.set(setting), pytest.raises(StudyError) as caught:
        connecting.connect(address)
    assert caught.value.code == "cluster_security"
    assert "distributed.comm.tls" in str(caught.value)
