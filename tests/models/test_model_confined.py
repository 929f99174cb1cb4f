"""Unknown model files are opened in a process of their own: none can hang, starve or crash who opens it."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from models_for_tests import build, detector, save
from onnx import TensorProto, helper, numpy_helper

from edgeslim import pipeline, workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.measurement.workload import open_workload
from edgeslim.models import confined, importing
from edgeslim.models.importing import import_file, import_onnx
from edgeslim.models.library import open_model
from edgeslim.models.preparing import Imported, prepare, prepare_confined
from edgeslim.recipe import Recipe


@pytest.fixture
def opened_here() -> None:
    """As users have it: in a process of its own."""


def refused(model: onnx.ModelProto, folder: Path) -> ModelError:
    store = Store(folder / "store")
    with pytest.raises(ModelError) as caught:
        import_onnx(save(model, folder / "unknown.onnx"), None, "m", store)
    assert "unknown.onnx" in str(caught.value)
    assert not list(store.root.rglob("*.onnx")) and not list(store.root.rglob("*.json"))
    return caught.value


def endless(rounds: int = 1 << 62) -> onnx.ModelProto:
    """A loop around nothing."""
    names = (("i", TensorProto.INT64, ()), ("go", TensorProto.BOOL, ()), ("x", TensorProto.FLOAT, None))
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["goes"]), helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [helper.make_tensor_value_info(*each) for each in names],
        [
            helper.make_tensor_value_info("goes", TensorProto.BOOL, ()),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
        ],
    )
    node = helper.make_node("Loop", ["rounds", "", "image"], ["out"], body=body)
    return build([node], [numpy_helper.from_array(np.array(rounds), "rounds")], {"out": None})


def test_what_comes_back_is_what_would_have_been_made_here(tmp_path: Path) -> None:
    content = detector().SerializeToString()
    here = prepare(content, "m.onnx", None)
    assert prepare_confined(content, "m.onnx", None) == here
    assert prepare_confined(content, "m.onnx", here.spec) == prepare(content, "m.onnx", here.spec)


def test_loop_that_ends_is_opened_and_one_that_does_not_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepare(endless(3).SerializeToString(), "m.onnx", None).proof["max_abs_error"] == 0
    monkeypatch.setattr(confined, "SECONDS", 1)
    error = refused(endless(), tmp_path)
    assert (error.code, error.values["seconds"]) == ("model_too_slow", 1)


def test_time_on_the_clock_ends_where_no_limit_of_the_system_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that computes nothing, and knows nothing of limits, but does not answer."""
    monkeypatch.setattr(confined, "SECONDS", 0.1)
    monkeypatch.setattr(sys, "executable", script(tmp_path, "exec sleep 600"))
    assert refused(detector(), tmp_path).code == "model_too_slow"


def test_file_that_needs_too_much_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 tensors of 38 MB at once: none of them is a giant."""
    nodes = [helper.make_node("Flatten", ["image"], ["t0"])]
    nodes += [helper.make_node("Concat", [f"t{i}"] * 2, [f"t{i + 1}"], axis=1) for i in range(11)]
    nodes += [helper.make_node("Tanh", ["t11"], [f"e{i}"]) for i in range(25)]
    nodes += [helper.make_node("Concat", [f"e{i}" for i in range(25)], ["all"], axis=0)]
    nodes += [helper.make_node("ReduceMax", ["all"], ["out"])]
    model = build(nodes, [], {"out": None})
    monkeypatch.setattr(confined, "MEMORY", 600 << 20)
    error = refused(model, tmp_path)
    assert error.code in ("model_too_hungry", "model_crashes", "does_not_run"), "whoever notices first"


def test_memory_is_watched_where_the_system_does_not_limit_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "MEMORY", 100 << 20)
    eats = f"exec {sys.executable} -c 'import time; kept = b\"x\" * (300 << 20); time.sleep(600)'"
    monkeypatch.setattr(sys, "executable", script(tmp_path, eats))
    assert refused(detector(), tmp_path).code == "model_too_hungry"


def script(folder: Path, commands: str) -> str:
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{commands}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("commands", "cause"),
    [
        ("kill -SEGV $$", "signal 11"),
        ("exit 3", "exit code 3"),
        ("echo", "exit code 0"),
        ('echo \'{"spec": {}, "proof": {}}\'', "exit code 0"),
        ('echo \'{"error": {"code": 5}}\'', "exit code 0"),
        ("echo '[]'", "exit code 0"),
        ("head -c 100000 /dev/zero | tr '\\0' '['", "exit code 0"),
    ],
)
def test_death_and_answers_that_are_none_are_told_as_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: str, cause: str
) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path, commands))
    error = refused(detector(), tmp_path)
    assert (error.code, error.values["cause"]) == ("model_crashes", cause)


def test_every_entry_opens_an_unknown_file_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, opened = open_model("digits-mlp"), []
    file = tmp_path / "unknown.onnx"
    file.write_bytes(sample.path.read_bytes())
    file.with_suffix(".spec.json").write_text(json.dumps(sample.spec.to_json()))

    def noticed(content: bytes, *more: object) -> Imported:
        opened.append(content)
        return prepare(content, *more)

    monkeypatch.setattr(importing, "prepare_confined", noticed)
    content = file.read_bytes()
    recipe = Recipe.from_json({"steps": [{"step": "distil_from_teacher", "teacher": str(file)}]})
    pictures = open_workload("digits-cnn", "digits", Store(tmp_path / "store")).data
    entries: list[Callable[[Store], object]] = [
        lambda store: workbench.import_model(file, store=store),
        lambda store: workbench.import_model(content, file_name="x.onnx", store=store),
        lambda store: workbench.describe_model(file, store=store),
        lambda store: open_model(file, store),
        lambda store: open_model(sample.name, store, dataclasses.replace(sample.spec, confidence=0.5)),
        lambda store: pipeline.check(recipe, open_model("digits-cnn"), pictures, store),
    ]
    for number, entry in enumerate(entries):
        opened.clear()
        entry(Store(tmp_path / f"store-{number}"))
        assert opened == [content], number


def test_same_file_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, path = Store(tmp_path / "store"), save(detector(), tmp_path / "m.onnx")
    first = import_file(path, None, store)
    monkeypatch.setattr(sys, "executable", script(tmp_path, "exit 3"))
    assert import_file(path, None, store) == first


def test_page_does_not_wait_for_ever_for_what_a_model_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How often a loop runs may depend on the image: what ended when the file was opened need not end again."""
    monkeypatch.setattr(sys.modules["edgeslim.workbench.predict"], "SECONDS", 0.2)
    spec = prepare(endless(3).SerializeToString(), "m.onnx", None).spec
    with pytest.raises(ModelError, match="takes longer than"):
        workbench.predict(save(endless(), tmp_path / "m.onnx"), np.zeros((20, 20, 3), np.uint8), spec)


def test_workers_that_may_have_no_children_of_their_own_can_open_files(tmp_path: Path) -> None:
    path = save(detector(), tmp_path / "m.onnx")
    process = multiprocessing.get_context("spawn").Process(
        target=open_model, args=(path, Store(tmp_path / "store")), daemon=True
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    assert len(list((tmp_path / "store").rglob("*.onnx"))) == 1


def test_nothing_is_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "pid"
    monkeypatch.setattr(confined, "SECONDS", 0.1)
    monkeypatch.setattr(sys, "executable", script(tmp_path, f"echo $$ > {note}; exec sleep 600"))
    assert refused(detector(), tmp_path).code == "model_too_slow"
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
