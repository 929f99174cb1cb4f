"""Recipes become files: cached stage by stage, the same bytes again, needs checked first."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from edgeslim import pipeline
from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import EdgeSlimError, RecipeError
from edgeslim.export.onnx import max_relative_error, to_bytes
from edgeslim.models.base import Model
from edgeslim.ort import open_session
from edgeslim.pipeline import TaskData
from edgeslim.recipe import Recipe
from edgeslim.steps import STEPS, Step
from edgeslim.steps.pruning import ChannelPruning, MagnitudePruning
from edgeslim.steps.quantization import Float16, StaticInt8
from edgeslim.steps.recovery import FineTuning
from example_networks import SIZE, RandomImages, make_onnx, make_spec

DATA = TaskData(calibration=RandomImages(8), train=RandomImages(32), evaluation=RandomImages(8, seed=1))
LONG = Recipe((ChannelPruning(ratio=0.3), FineTuning(steps=3, batch=4), StaticInt8(images=4)))


def make_model(folder: Path, network: str = "plain_cnn") -> Model:
    path = folder / f"{network}.onnx"
    path.write_bytes(to_bytes(make_onnx(network)))
    return Model(network, path, sha256_of(path), make_spec(network), "sample")


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return make_model(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the steps that were really computed, in order."""
    names: list[str] = []

    def counted(step: type[Step]) -> Callable[..., Any]:
        def apply(*given: Any) -> Any:
            names.append(step.name)
            return original(*given)

        original = step.apply
        return apply

    for step in STEPS:
        monkeypatch.setattr(step, "apply", counted(step))
    return names


def test_empty_recipe_is_the_baseline(model: Model, store: Store) -> None:
    artifact = pipeline.run(Recipe(), model, TaskData(), store)
    assert artifact.stages == ()
    assert artifact.bytes == store.path(artifact.sha256).stat().st_size
    assert max_relative_error(onnx.load(model.path), onnx.load(store.path(artifact.sha256))) < 1e-5
    assert artifact.environment["onnxruntime"]


def test_every_stage_is_a_file_that_runs(model: Model, store: Store) -> None:
    artifact = pipeline.run(LONG, model, DATA, store)
    assert [stage.step for stage in artifact.stages] == ["channel_pruning", "fine_tuning", "static_int8"]
    image = np.random.default_rng(0).random((1, 3, SIZE, SIZE), np.float32)
    for sha256 in (*(stage.sha256 for stage in artifact.stages), artifact.sha256):
        (scores,) = open_session(store.path(sha256)).run(image)
        assert scores.shape == (1, 4)
    assert artifact.stages[0].info["macs"] < artifact.stages[0].info["macs_before"]
    assert all(stage.seconds > 0 for stage in artifact.stages)
    assert artifact.stages[2].parameters["format"] in ("u8s8", "s8s8"), (
        "auto is recorded as what it stood for"
    )
    assert artifact.recipe == LONG.to_json()
    json.dumps(artifact.to_json())


def test_training_stages_keep_batch_norm_and_the_shipped_file_has_none(model: Model, store: Store) -> None:
    artifact = pipeline.run(LONG.prefix(2), model, DATA, store)

    def operators(sha256: str) -> set[str]:
        return {node.op_type for node in onnx.load(store.path(sha256)).graph.node}

    assert "BatchNormalization" in operators(artifact.stages[1].sha256)
    assert "BatchNormalization" not in operators(artifact.sha256)


def test_pruned_zeros_are_zeros_in_the_shipped_file(model: Model, store: Store) -> None:
    recipe = Recipe((MagnitudePruning(sparsity=0.8), FineTuning(steps=3, batch=4)))
    artifact = pipeline.run(recipe, model, DATA, store)
    weights = [
        onnx.numpy_helper.to_array(item)
        for item in onnx.load(store.path(artifact.sha256)).graph.initializer
        if len(item.dims) > 1
    ]
    zeros = sum(int((weight == 0).sum()) for weight in weights) / sum(weight.size for weight in weights)
    assert zeros == pytest.approx(0.8, abs=0.002)


def test_shared_prefix_is_computed_once(model: Model, store: Store, computed: list[str]) -> None:
    pipeline.run(LONG.prefix(2), model, DATA, store)
    pipeline.run(LONG, model, DATA, store)
    pipeline.run(Recipe((*LONG.steps[:2], Float16())), model, DATA, store)
    assert computed == ["channel_pruning", "fine_tuning", "static_int8", "float16"]


def test_finished_artifact_comes_back_at_once_under_its_new_name(
    model: Model, store: Store, computed: list[str]
) -> None:
    first = pipeline.run(LONG, model, DATA, store)
    again = pipeline.run(Recipe(LONG.steps, name="mine"), model, DATA, store)
    assert len(computed) == 3
    assert again.sha256 == first.sha256
    assert again.stages == first.stages
    assert again.recipe["name"] == "mine"


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"data": TaskData(calibration=RandomImages(8), train=RandomImages(32, seed=3))},
        {"data": TaskData(calibration=RandomImages(7), train=RandomImages(32))},
        {"spec": {"mean": (9.0, 9.0, 9.0)}},
    ],
    ids=["seed", "training images", "calibration images", "preparation"],
)
def test_what_decides_the_result_is_part_of_the_key(
    change: dict[str, Any], model: Model, store: Store, computed: list[str]
) -> None:
    recipe = Recipe((FineTuning(steps=2, batch=4), StaticInt8(images=4)))
    first = pipeline.run(recipe, model, DATA, store)
    changed = Recipe(recipe.steps, seed=change.get("seed", 0))
    spec = dataclasses.replace(model.spec, **change.get("spec", {}))
    other = dataclasses.replace(model, spec=spec)
    second = pipeline.run(changed, other, change.get("data", DATA), store)
    assert "static_int8" in computed[2:]
    assert second.sha256 != first.sha256


def test_evaluation_images_and_unneeded_splits_are_not_part_of_the_key(
    model: Model, store: Store, computed: list[str]
) -> None:
    recipe = Recipe((MagnitudePruning(),))
    pipeline.run(recipe, model, DATA, store)
    pipeline.run(recipe, model, TaskData(evaluation=RandomImages(3)), store)
    assert computed == ["magnitude_pruning"]


def test_equal_runs_in_other_processes_give_equal_bytes(tmp_path: Path) -> None:
    """With other hash seeds, so that nothing hangs on the order of sets, and other numbers of threads."""
    code = (
        "import sys; sys.path.insert(0, {tests!r})\n"
        "from pathlib import Path\n"
        "from test_pipeline import DATA, LONG, make_model\n"
        "from edgeslim import pipeline\n"
        "from edgeslim.artifacts.store import Store\n"
        "from edgeslim.recipe import Recipe\n"
        "from edgeslim.steps.clustering import WeightClustering\n"
        "folder = Path({folder!r}); folder.mkdir()\n"
        "for recipe, network in ((LONG, 'depthwise_se'), (Recipe((WeightClustering(),)), 'residual_concat_pyramid')):\n"
        "    print(pipeline.run(recipe, make_model(folder, network), DATA, Store(folder / 'store')).sha256)\n"
    )
    tests = str(Path(__file__).parent)
    results = [
        subprocess.run(
            [sys.executable, "-c", code.format(tests=tests, folder=str(tmp_path / seed))],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": seed},
            cwd=Path(__file__).parents[1],
        ).stdout
        for seed in ("1", "2")
    ]
    assert [len(line) for line in results[0].splitlines()] == [64, 64]
    assert results[0] == results[1]


def _run_prefix(root: str, folder: str, barrier: object) -> None:
    apply = MagnitudePruning.apply

    def witnessed(*given: Any) -> Any:
        (Path(folder) / "computed").touch()
        return apply(*given)

    MagnitudePruning.apply = witnessed  # type: ignore[method-assign]
    model = make_model(Path(folder))
    barrier.wait()  # type: ignore[attr-defined]
    pipeline.run(Recipe((MagnitudePruning(sparsity=0.37),)), model, DATA, Store(Path(root)))


def test_two_processes_compute_a_stage_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    workers = [
        spawn.Process(target=_run_prefix, args=(str(tmp_path / "store"), str(folder), barrier))
        for folder in folders
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert sum((folder / "computed").exists() for folder in folders) == 1
    assert len(Store(tmp_path / "store").keys("artifacts")) == 1


def test_missing_blob_is_computed_again(model: Model, store: Store, computed: list[str]) -> None:
    recipe = Recipe((MagnitudePruning(),))
    first = pipeline.run(recipe, model, DATA, store)
    store.path(first.sha256).unlink()
    store.path(first.stages[0].sha256).unlink()
    assert pipeline.run(recipe, model, DATA, store).sha256 == first.sha256
    assert computed == ["magnitude_pruning"] * 2
    assert store.path(first.sha256).exists()


@pytest.mark.parametrize(
    ("recipe", "data", "code"),
    [
        (Recipe((StaticInt8(),)), TaskData(), "no_calibration_images"),
        (
            Recipe((MagnitudePruning(), FineTuning())),
            TaskData(calibration=RandomImages(2)),
            "no_training_images",
        ),
    ],
)
def test_missing_images_are_told_before_any_compute(
    recipe: Recipe, data: TaskData, code: str, model: Model, store: Store, computed: list[str]
) -> None:
    with pytest.raises(RecipeError) as caught:
        pipeline.run(recipe, model, data, store)
    assert caught.value.code == code
    assert computed == []


def test_family_without_loss_cannot_be_fine_tuned(tmp_path: Path) -> None:
    detector = make_model(tmp_path, "residual_concat_pyramid")
    with pytest.raises(RecipeError) as caught:
        pipeline.check(Recipe((FineTuning(),)), detector, DATA)
    assert caught.value.code == "family_without_loss"
    assert caught.value.values["family"] == detector.spec.family


def test_failed_stage_leaves_nothing_behind_and_earlier_ones_stay(
    tmp_path: Path, store: Store, computed: list[str]
) -> None:
    gru = make_model(tmp_path, "gru")
    with pytest.raises(EdgeSlimError):
        pipeline.run(Recipe((MagnitudePruning(), ChannelPruning())), gru, DATA, store)
    assert len(store.keys("stages")) == 1
    assert store.keys("artifacts") == []
    pipeline.run(Recipe((MagnitudePruning(),)), gru, DATA, store)
    assert computed == ["magnitude_pruning", "channel_pruning"]


def test_progress_names_each_step(model: Model, store: Store) -> None:
    seen: list[tuple[str, int, int]] = []
    pipeline.run(LONG, model, DATA, store, progress=lambda *what: seen.append(what))
    for index, step in enumerate(LONG.steps):
        assert (step.name, index, 3) in seen
    assert ("training", 3, 3) in seen
    assert ("calibration", 4, 4) in seen


def test_torch_is_left_as_it_was(model: Model, store: Store) -> None:
    torch.manual_seed(11)
    expected = torch.rand(1)
    torch.manual_seed(11)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    pipeline.run(LONG, model, DATA, store)
    assert torch.equal(torch.rand(1), expected)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
