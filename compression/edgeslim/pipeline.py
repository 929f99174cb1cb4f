"""(recipe, model, data) → artifact. Every stage is an ONNX file in the store, computed once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx
from threadpoolctl import threadpool_limits

from edgeslim import __version__
from edgeslim.artifacts.artifact import ARTIFACTS, Artifact, Stage
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.errors import RecipeError
from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes
from edgeslim.models.base import Model
from edgeslim.models.library import open_model
from edgeslim.ort import open_session
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.runtime.environment import environment
from edgeslim.steps import OnnxStep, Step, StepContext, TorchStep
from edgeslim.steps.images import calibration_images, training_images
from edgeslim.tasks.base import required_loss

STAGES, DEPLOYABLES = "stages", "deployables"
"""Record kinds in the store, beside those of artifacts."""


@dataclass(frozen=True, slots=True)
class TaskData:
    """The images a recipe works with. `labels` are the model's class names.

    `models` are those that steps name, by reference, where the reference alone does not lead to them.
    """

    calibration: Split | None = None
    train: Split | None = None
    evaluation: Split | None = None
    labels: tuple[str, ...] = ()
    models: Mapping[str, Model] = field(default_factory=dict)


def refuse_quantized(model: Model) -> None:
    """Raise RecipeError (already_quantized) for another tool's file: no step can work on it."""
    if model.quantized:
        raise RecipeError("already_quantized", name=model.name)


def check(recipe: Recipe, model: Model, data: TaskData, store: Store | None = None) -> dict[str, Model]:
    """Raise RecipeError if a step cannot work on the model, or needs images, labels or a loss that are not there.

    Returns the other models that steps learn from, by their references. Computes nothing. Raises ModelError for a
    reference that cannot be opened.
    """
    if recipe.steps:
        refuse_quantized(model)
    teachers: dict[str, Model] = {}
    for step in recipe.steps:
        reference = step.learns_from
        if reference is not None and reference not in teachers:
            teachers[reference] = data.models.get(reference) or open_model(reference, store)
        step.check(model.spec, None if reference is None else teachers[reference])
        if "calibration" in step.needs:
            calibration_images(data.calibration, step.name)
        if "train" in step.needs:
            training_images(data.train, step.name)
        if "loss" in step.needs:
            required_loss(model.spec)
    return teachers


def run(
    recipe: Recipe,
    model: Model,
    data: TaskData,
    store: Store,
    threads: int = 1,
    progress: Progress = silent,
) -> Artifact:
    """Apply the recipe's steps in order; return the record of the file that plain onnxruntime opens.

    What is in the store already is not computed again: the whole artifact, or the stages it shares with other
    recipes; two processes that need the same stage wait for each other. Equal recipe, model, data and machine
    give equal bytes. Raises RecipeError before any compute, InfeasibleError, ModelError, DatasetError, StoreError.
    """
    teachers = check(recipe, model, data, store)
    steps = tuple(step.resolve() for step in recipe.steps)
    key = _key(model, data, recipe.seed, steps, teachers)
    record = store.get_record(ARTIFACTS, key)
    if record is None or not store.path(record["sha256"]).exists():
        work = _Work(model, data, recipe.seed, teachers, store, threads, progress)
        sha256, stages = work.through(steps)
        open_session(store.path(sha256))
        artifact = Artifact(
            sha256=sha256,
            bytes=store.path(sha256).stat().st_size,
            recipe=recipe.to_json(),
            recipe_fingerprint=recipe.fingerprint(),
            model=model.name,
            model_sha256=model.sha256,
            stages=stages,
            environment=environment(),
            spec=model.spec.to_json(),
        )
        store.put_record(ARTIFACTS, key, artifact.to_json())
        return artifact
    return dataclasses.replace(
        Artifact.from_json(record),
        recipe=recipe.to_json(),
        recipe_fingerprint=recipe.fingerprint(),
        model=model.name,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """One run of a recipe: what does not change from stage to stage."""

    model: Model
    data: TaskData
    seed: int
    teachers: Mapping[str, Model]
    store: Store
    threads: int
    progress: Progress

    def through(self, steps: Sequence[Step]) -> tuple[str, tuple[Stage, ...]]:
        """SHA-256 of the file to ship after all steps, and the stages."""
        if not self.store.path(self.model.sha256).exists():
            self.store.put(self.model.path.read_bytes())
        if self.model.quantized:
            return self.model.sha256, ()
        sha256, is_deployable = self.model.sha256, False
        stages: list[Stage] = []
        for index, step in enumerate(steps):
            self.progress(step.name, index, len(steps))
            if isinstance(step, OnnxStep) and not is_deployable:
                sha256, is_deployable = self.deployed(sha256), True
            stage = self.stage(steps[: index + 1], sha256)
            stages.append(stage)
            sha256 = stage.sha256
        if steps and steps[-1].shipped_as_made:
            return sha256, tuple(stages)
        last = onnx.load(self.store.path(sha256 if is_deployable else self.deployed(sha256)))
        return self.store.put(to_bytes(shipped(last))), tuple(stages)

    def stage(self, steps: Sequence[Step], before: str) -> Stage:
        """The last of `steps`, applied to the file `before`."""
        key = _key(self.model, self.data, self.seed, steps, self.teachers)

        def stage() -> dict[str, Any]:
            before_it = onnx.load(self.store.path(before))
            return dataclasses.asdict(self.compute(steps[-1], len(steps) - 1, before_it))

        return Stage(**self.store.computed(STAGES, key, stage, self.progress))

    def compute(self, step: Step, index: int, before: onnx.ModelProto) -> Stage:
        began = time.perf_counter()
        context = StepContext(
            spec=self.model.spec,
            original=self.model.path,
            calibration=self.data.calibration if "calibration" in step.needs else None,
            train=self.data.train if "train" in step.needs else None,
            teacher=None if step.learns_from is None else self.teachers[step.learns_from],
            seed=_stage_seed(self.seed, index),
            threads=self.threads,
            progress=self.progress,
        )
        # With other numbers of threads sums round differently: equal recipes are to give equal bytes.
        with threadpool_limits(self.threads, user_api="blas"):
            if isinstance(step, TorchStep):
                after = _applied(step, before, context)
            else:
                assert isinstance(step, OnnxStep)
                after = step.apply(before, context)
        sha256 = self.store.put(to_bytes(after))
        parameters = {name: value for name, value in step.to_json().items() if name != "step"}
        return Stage(step.name, parameters, sha256, time.perf_counter() - began, context.info)

    def deployed(self, sha256: str) -> str:
        """SHA-256 of the deployable form of a file in training form."""

        def form() -> dict[str, Any]:
            return {"sha256": self.store.put(to_bytes(deployable(onnx.load(self.store.path(sha256)))))}

        key = f"{sha256}-{__version__}"
        return str(self.store.computed(DEPLOYABLES, key, form, self.progress)["sha256"])


def _applied(step: TorchStep, before: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
    """ONNX → torch → step → ONNX, with the inputs' and outputs' names and order kept."""
    from edgeslim.models.torch_graph import to_torch
    from edgeslim.training.device import reproducible

    entry = before.graph.input[0]
    shape = [size.dim_value for size in entry.type.tensor_type.shape.dim]
    with reproducible(context.seed, context.threads):
        after = step.apply(to_torch(before), context)
        return export_training_form(after, shape, entry.name, [item.name for item in before.graph.output])


def _key(
    model: Model, data: TaskData, seed: int, steps: Sequence[Step], teachers: Mapping[str, Model]
) -> str:
    """Everything that decides the file after `steps`, as a hex digest."""
    needs = {need for step in steps for need in step.needs}
    splits = {"calibration": data.calibration, "train": data.train}
    decisive: list[Any] = [
        __version__,
        model.sha256,
        model.spec.to_json() if steps else None,
        seed if steps else None,
        [step.to_json() for step in steps],
        {name: split.fingerprint for name, split in splits.items() if name in needs and split is not None},
    ]
    learned_from = [teachers[step.learns_from] for step in steps if step.learns_from is not None]
    if learned_from:
        decisive.append([[teacher.sha256, teacher.spec.to_json()] for teacher in learned_from])
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]


def _stage_seed(seed: int, index: int) -> int:
    """A seed for each stage, so that two equal steps in a recipe draw different numbers."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:4])
