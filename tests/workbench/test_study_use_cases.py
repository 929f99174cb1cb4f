"""Studies through the façade, as far as no process is needed: planning, refusing, publishing, checking."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.lacking import tell_lacking
from edgeslim.errors import DatasetError, EdgeSlimError, ErrorRecord, ModelError, RecipeError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.records import Latency, RecipeRecord
from edgeslim.studies import storage
from edgeslim.studies.budget import Budget
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.samples import sample_file


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the studies that would have been started."""
    started: list[str] = []
    monkeypatch.setattr(supervisor, "start", lambda _, name: started.append(name))
    return started


def finished_study(store: Store, name: str = "one") -> dict[str, str]:
    """A complete study of two recipes and a failed one; returns SHA-256 by title."""
    plan = StudyPlan(
        name=name, model="m", model_name="m", dataset="d", dataset_name="d", created="2026-01-01"
    )
    titles = ["float32", "half", "bad", "worse"]
    trials = [
        PlannedTrial(RecipeRecord(({"step": title},) if i else ()), title, title)
        for i, title in enumerate(titles)
    ]
    storage.create(store, plan, trials)
    journal = StudyJournal(store, name)
    hashes, latency = {}, Latency(2.0, 3.0, 1.0, (0.9, 1.1), 30)
    for number, (title, score, size) in enumerate(
        (("float32", 0.6, 900), ("half", 0.59, 500), ("bad", 0.1, 600))
    ):
        hashes[title] = store.put(title.encode())
        journal.start(number)
        result = {
            "sha256": hashes[title],
            "sizes": {"file": size + 10, "download": size},
            "accuracy": {"mAP": score},
            "primary_metric": "mAP",
        }
        journal.record(number, result)
        journal.complete(number, latency, (score, float(size)))
    journal.fail(3, "failed", ErrorRecord("c", {}))
    return hashes


def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "study_state", lambda _: "complete")


def test_a_study_is_planned_with_its_baseline_and_each_recipe_once(store, no_processes):
    recipe = workbench.read_recipe({"steps": [{"step": "magnitude_pruning", "sparsity": 0.5}]})
    plan = StudyPlan(model="digits-mlp", dataset="digits")
    name = workbench.start_study(plan, [recipe, recipe], store=store)
    study = workbench.study_result(name, store)
    assert [trial.title for trial in study.trials] == ["float32", "magnitude_pruning"]
    assert (study.model, study.dataset, study.state) == ("digits-mlp", "digits", "waiting")
    assert no_processes == [name]
    assert name.startswith("digits-mlp-recipes-2")
    assert workbench.start_study(plan, [recipe], store=store) == f"{name}-2"
    assert [each.name for each in workbench.list_studies(store)] == [f"{name}-2", name]


def test_paths_are_kept_absolute_because_the_study_runs_elsewhere(
    store, no_processes, digits_file, monkeypatch
):
    monkeypatch.chdir(digits_file.parent)
    name = workbench.start_study(StudyPlan(model="linear.onnx", dataset="digits", name="s"), store=store)
    assert workbench.study_plan(name, store).model == str(digits_file)


@pytest.mark.parametrize(
    ("given", "error", "code"),
    [
        ({"name": "../evil"}, StudyError, "study_name"),
        ({"model": "nothing"}, ModelError, "unknown_model"),
        ({"preset": "nothing"}, EdgeSlimError, "unknown_name"),
        ({"objectives": ("accuracy",)}, StudyError, "objectives"),
        ({"held_out": 0.95}, DatasetError, "held_out_share"),
    ],
)
def test_what_cannot_be_planned_is_refused_and_leaves_nothing(store, no_processes, given, error, code):
    plan = StudyPlan(**{"model": "digits-mlp", "dataset": "digits", **given})
    with pytest.raises(error) as caught:
        workbench.start_study(plan, store=store)
    assert caught.value.code == code
    assert no_processes == []
    assert storage.names(store) == []


def test_presets_are_cut_to_the_model_and_its_data(store, tmp_path, digits_file):
    everything = {
        preset.name: preset for preset in workbench.list_presets("digits-mlp", "digits", store=store)
    }
    assert set(everything) >= {"quick", "post-training", "sample"}
    assert everything["quick"].left_out == ()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(one_pixel())
    cut = {preset.name: preset for preset in workbench.list_presets(digits_file, pictures, store=store)}
    needs = {need for recipe in cut["quick"].left_out for need in recipe.needs}
    assert needs == {"train", "calibration", "layers"}, "a single layer, which int8 would keep in float"
    assert [recipe.title for recipe in cut["post-training"].recipes] == ["float16"]


def one_pixel() -> bytes:
    import io

    import PIL.Image

    content = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(content, "PNG")
    return content.getvalue()


def test_a_published_study_is_read_with_its_fronts_files_only(store, tmp_path, monkeypatch):
    hashes = finished_study(store)
    to = tmp_path / "published"
    with pytest.raises(StudyError, match="not complete"):
        workbench.publish_study("one", to, store)
    complete(monkeypatch)
    files = workbench.publish_study("one", to, store)
    assert {file.name for file in files} == {
        "study.json",
        f"{hashes['float32']}.onnx",
        f"{hashes['half']}.onnx",
    }
    assert str(store.root) not in (to / "study.json").read_text()
    study = workbench.sample_study(to)
    assert study is not None
    assert study.front == [0, 1]
    assert [trial.file and Path(trial.file).read_text() for trial in study.trials] == [
        "float32",
        "half",
        None,
        None,
    ]
    assert sample_file(hashes["half"], to) == to / f"{hashes['half']}.onnx"
    assert sample_file(hashes["bad"], to) is None


def test_there_may_be_no_sample_study(tmp_path):
    assert workbench.sample_study(tmp_path / "nothing") is None


def test_check_finds_files_that_are_missing_or_changed(store):
    hashes = finished_study(store)
    assert workbench.check_study("one", store) == []
    store.path(hashes["half"]).unlink()
    store.path(hashes["bad"]).write_text("something else")
    found = workbench.check_study("one", store)
    assert [(each.number, each.problem) for each in found] == [(1, "missing"), (2, "changed")]


def test_files_are_found_by_hash_and_only_by_hash(store):
    hashes = finished_study(store)
    assert workbench.artifact_bytes(hashes["half"], store) == b"half"
    for wrong in ("0" * 64, "../../etc/passwd", ""):
        with pytest.raises(StudyError) as caught:
            workbench.artifact_path(wrong, store)
        assert caught.value.code == "no_file"


def test_the_choice_comes_with_reasons(store):
    finished_study(store)
    supervisor.load(store, "one")
    choice = workbench.choose_trial("one", Budget.of(download=600), store)
    assert (choice.pick, choice.runner_up, choice.rejected) == (1, 2, {0: ("over_download",)})


def test_a_status_without_a_process_is_waiting(store):
    finished_study(store)
    status = workbench.study_status("one", store)
    assert (status.state, status.progress, status.error) == ("waiting", {}, None)


def test_results_are_read_without_torch_or_onnxruntime(store):
    finished_study(store)
    code = f"""
import sys, json
from pathlib import Path
from edgeslim import workbench
from edgeslim.artifacts.store import Store
store = Store(Path({str(store.root)!r}))
workbench.list_studies(store), workbench.study_result("one", store), workbench.sample_study()
workbench.list_models(store), workbench.list_datasets(store), workbench.list_steps()
print(json.dumps(sorted({{"torch", "onnxruntime", "sklearn", "scipy", "pandas"}} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_recipes_that_lack_images_are_told_before_anything_starts(
    store, tmp_path, digits_file, no_processes, capsys
):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(one_pixel())
    int8 = {"steps": [{"step": "static_int8", "keep_float": "none"}]}
    half = {"steps": [{"step": "float16"}]}
    plan = StudyPlan(model=str(digits_file), dataset=str(pictures))
    recipes = [workbench.read_recipe(each) for each in (int8, half)]
    (lack,) = workbench.recipes_lacking(plan, recipes, store)
    assert lack.needs == ("calibration",)
    assert workbench.recipes_lacking(replace(plan, calibration=str(pictures)), recipes, store) == ()
    with pytest.raises(RecipeError, match="Give calibration images") as caught:
        workbench.start_study(plan, recipes[:1], store=store)
    assert caught.value.code == "recipes_lack"
    tell_lacking(SimpleNamespace(store=store), plan, recipes)
    told = capsys.readouterr().err
    assert "will fail: missing calibration" in told and "--calibration FOLDER" in told
    assert no_processes == []
