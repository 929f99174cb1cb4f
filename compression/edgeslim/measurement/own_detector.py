"""Training a detector of one's own, from labelled pictures to a listed model that is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Dataset, Part, Split
from edgeslim.datasets.division import FEWEST
from edgeslim.errors import DatasetError
from edgeslim.evaluation import evaluate
from edgeslim.export.onnx import export_training_form, to_bytes
from edgeslim.measurement.former_data import compared_on, learnt_from
from edgeslim.measurement.machine import busy
from edgeslim.measurement.trainings import (
    STREET_SIGNS,
    DetectorPlan,
    Epoch,
    TrainingRun,
    asked_to_stop,
    may_go_on,
    write_run,
)
from edgeslim.models.base import Model
from edgeslim.models.catalogue import check_name
from edgeslim.models.importing import import_named
from edgeslim.models.library import check_free, open_model
from edgeslim.progress import Progress, silent
from edgeslim.records import FormerData
from edgeslim.steps.images import evenly_spaced
from edgeslim.training.beginning import Beginning, adapted, detector_spec, own
from edgeslim.training.best import KeepBest
from edgeslim.training.device import reproducible
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings
from edgeslim.training.watching import watch

BATCH = 16
PATIENCE = 1.0
"""Seconds to wait for another process that does this very run."""
AVERAGE_DECAY = 0.999
WATCHED = 64
"""Training images that are kept to choose the best epoch on, of at most an eighth of all."""


def train_detector(
    plan: DetectorPlan, store: Store, *, threads: int = 1, progress: Progress = silent
) -> TrainingRun:
    """Train as planned and list the model under the plan's name.

    A run that was broken off or stopped goes on from its last epoch. The weights of the best epoch are kept, chosen on
    training images that are not learnt from; the validation images only tell what it is worth. Raises DatasetError,
    RecipeError, ModelError.
    """
    check_free(check_name(plan.name), store)
    data = open_dataset(plan.dataset, store, progress)
    taught, validation = _to_learn(data), data.split("validation")
    with (
        store.lock(f"training-{plan.key}", PATIENCE, progress),
        store.in_use(),
        busy(plan.name, progress) as report,
        reproducible(plan.seed, threads),
    ):
        former = open_model(plan.start, store) if plan.adapts else None
        beginning = _beginning(plan, former, taught, tuple(data.labels))
        run = _trained(plan, beginning, taught, store, threads, report)
        content = to_bytes(
            export_training_form(
                beginning.network.to("cpu"),
                beginning.spec.input_shape,
                beginning.input_name,
                beginning.outputs,
            )
        )
        model = import_named(content, f"{plan.name}.onnx", plan.name, beginning.spec, store, report)
        scored = evaluate(
            model.path, model.spec, validation, model.spec.labels, store, threads=threads, progress=report
        )
        figures = {name: each for name, each in (scored.accuracy or {}).items() if isinstance(each, float)}
        known = former.spec.labels if former is not None else ()
        run = replace(
            run,
            sha256=model.sha256,
            metrics=figures,
            validated=len(validation),
            forgotten=tuple(name for name in known if name not in beginning.kept),
            former=None
            if former is None
            else _former_data(former, model, beginning.kept, store, threads, report),
        )
    write_run(store, run)
    return run


def _trained(
    plan: DetectorPlan,
    beginning: Beginning,
    images: Split,
    store: Store,
    threads: int,
    progress: Progress,
) -> TrainingRun:
    watched = evenly_spaced(len(images), max(1, min(WATCHED, len(images) // 8)))
    learnt = [place for place in range(len(images)) if place not in watched]
    taught, kept = Part(images, learnt, f"without {len(watched)}"), Part(images, watched, f"{len(watched)}")
    began = datetime.now(UTC).isoformat(timespec="seconds")
    run = TrainingRun(plan=plan, began=began, taught=len(taught), watched=len(kept), kept=beginning.kept)
    batch = BATCH
    settings = TrainSettings(
        steps=plan.epochs * max(len(taught) // batch, 1),
        batch=batch,
        learning_rate=beginning.learning_rate,
        warmup_steps=beginning.warm_up,
        seed=plan.seed,
        ema_decay=AVERAGE_DECAY,
        threads=threads,
    )

    def told(rows: Sequence[Mapping[str, float]]) -> None:
        write_run(store, replace(run, epochs=tuple(map(_epoch, rows))))

    may_go_on(store, plan.key)
    write_run(store, run)
    log = train(
        beginning.network,
        taught,
        beginning.spec,
        settings,
        progress=progress,
        evaluate=lambda module: watch(module, beginning.spec, kept),
        checkpoint=store.place("training", f"{plan.key}-{taught.fingerprint[:12]}.pt"),
        best=KeepBest(figure="mAP", patience=plan.patience),
        stopped=lambda: asked_to_stop(store, plan.key),
        factors=beginning.factors,
        told=told,
    )
    return replace(run, epochs=tuple(map(_epoch, log.rows)), state=log.ended)


def _epoch(row: Mapping[str, float]) -> Epoch:
    return Epoch(number=row["epoch"], loss=row["loss"], score=row["mAP"], seconds=row["seconds"])


def _to_learn(data: Dataset) -> Split:
    """The training images. Raises DatasetError where there are none, or nothing is known of them."""
    if not data.has_labels or data.task != "detection":
        raise DatasetError("no_boxes_to_learn", dataset=data.name)
    there = len(data.split("validation"))
    if "train" not in data.splits and there >= FEWEST:
        raise DatasetError("only_validation", dataset=data.name, count=there)
    if "train" not in data.splits or len(data.split("train")) < 2:
        raise DatasetError("too_few_images", dataset=data.name, fewest=FEWEST)
    return data.split("train")


def _beginning(plan: DetectorPlan, former: Model | None, images: Split, labels: tuple[str, ...]) -> Beginning:
    if former is not None:
        return adapted(former, labels, plan.seed)
    spec = detector_spec(images, labels, plan.side)
    return own(plan.size, spec, plan.seed, from_sample=plan.start == STREET_SIGNS)


def _former_data(
    former: Model, model: Model, kept: Sequence[str], store: Store, threads: int, progress: Progress
) -> FormerData | None:
    """Both on what the former one is known to have learnt from, in the classes that both know; None without these."""
    learnt = learnt_from(former, store)
    if learnt is None:
        return None
    return compared_on(
        open_dataset(learnt, store, progress),
        (former.path, former.spec),
        (model.path, model.spec),
        store,
        classes=kept,
        threads=threads,
        progress=progress,
    )
