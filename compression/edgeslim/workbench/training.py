"""Train a sample model from scratch and put it, with all that is needed to repeat it, into the samples folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.artifacts.store import Store, sha256_of, write_atomically
from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Split, Subset
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.models.catalogue import SAMPLES, sample_records
from edgeslim.progress import Progress, silent
from edgeslim.records import encoded

if TYPE_CHECKING:
    from torch import nn

    from edgeslim.training.samples import SampleTraining

BATCH = 16
AVERAGE_DECAY = 0.999
WATCHED_IMAGES = 200
"""So many validation images are scored after each epoch, for the log alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    dataset: str
    images: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLog:
    file: str
    epochs: int
    seconds: int
    final_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedSample:
    """A model's entry in the manifest: the model, and how to make it again."""

    name: str
    task: str
    file: str
    sha256: str
    weights: str | None
    """The file of its weights alone."""
    spec: ModelSpec
    command: str
    seed: int
    data: TrainingData
    metrics: Mapping[str, Any]
    """By the names that the task gives them."""
    parameters: int
    log: TrainingLog
    trained: str
    """ISO 8601."""


def train_sample(
    name: str,
    *,
    epochs: int | None = None,
    seed: int = 0,
    threads: int = 1,
    folder: Path = SAMPLES,
    store: Store | None = None,
    progress: Progress = silent,
) -> TrainedSample:
    """Train, export, measure; returns the model's new entry in `folder`/manifest.json.

    The run's checkpoint lies in the store: a run that was broken off goes on, and one with more `epochs` extends it.
    Weights end as float16 values (in float32 storage), so that the safetensors file holds them exactly in two bytes.
    Raises EdgeSlimError (code 'unknown_name') for an unknown name.
    """
    from edgeslim.training.loop import train
    from edgeslim.training.samples import SAMPLE_TRAININGS
    from edgeslim.training.settings import TrainSettings
    from edgeslim.training.watching import watch

    sample = SAMPLE_TRAININGS.get(name)
    store = store or Store()
    epochs = sample.epochs if epochs is None else epochs
    dataset = open_dataset(sample.dataset, store, progress)
    train_split, validation = dataset.split("train"), dataset.split("validation")
    network = sample.build(name, seed)
    settings = TrainSettings(
        steps=epochs * max(len(train_split) // BATCH, 1),
        batch=BATCH,
        learning_rate=sample.learning_rate,
        seed=seed,
        ema_decay=AVERAGE_DECAY,
        augment=sample.augment,
        threads=threads,
    )
    with busy(name, progress) as report:
        log = train(
            network,
            train_split,
            sample.spec,
            settings,
            progress=report,
            evaluate=lambda module: watch(module, sample.spec, Subset(validation, WATCHED_IMAGES)),
            checkpoint=store.root / "training" / f"{name}-seed{seed}.pt",
        )
    round_to_float16(network)
    path = _export(network, sample, folder)
    entry = TrainedSample(
        name=name,
        task=sample.spec.task,
        file=path.name,
        sha256=sha256_of(path),
        weights=f"{name}.safetensors" if sample.safetensors else None,
        spec=sample.spec,
        command=f"edgeslim train {name} --epochs {epochs} --seed {seed}",
        seed=seed,
        data=TrainingData(
            dataset=sample.dataset, images=len(train_split), fingerprint=train_split.fingerprint
        ),
        metrics=_measure(path, sample.spec, validation, store, threads, progress),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        log=TrainingLog(
            file=f"logs/{name}.csv",
            epochs=epochs,
            seconds=round(log.seconds),
            final_loss=round(log.final_loss, 4),
        ),
        trained=datetime.now(UTC).date().isoformat(),
    )
    write_atomically(folder / "logs" / f"{name}.csv", _as_csv(log.rows))
    _enter(entry, folder, SAMPLE_TRAININGS.names())
    return entry


def round_to_float16(module: nn.Module) -> None:
    """Round every trained weight to the nearest float16 value, in place; BatchNorm statistics stay as they are."""
    import torch

    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.half().float())


def _export(network: nn.Module, sample: SampleTraining, folder: Path) -> Path:
    """Write NAME.onnx (training form, BatchNorm kept) and NAME.safetensors (weights float16, statistics float32),
    unless the sample does without the second."""
    from safetensors.torch import save

    from edgeslim.export.onnx import export_training_form, to_bytes

    spec = sample.spec
    shape = (1, 1 if spec.color == "GRAY" else 3, spec.input_height, spec.input_width)
    network.to("cpu")
    model = export_training_form(network, shape, "image", sample.outputs)
    path = folder / f"{sample.name}.onnx"
    write_atomically(path, to_bytes(model))
    if not sample.safetensors:
        return path
    trained = {name for name, _ in network.named_parameters()}
    tensors = {
        name: (value.half() if name in trained else value).contiguous()
        for name, value in network.state_dict().items()
    }
    write_atomically(folder / f"{sample.name}.safetensors", save(tensors))
    return path


def _measure(
    path: Path, spec: ModelSpec, split: Split, store: Store, threads: int, progress: Progress
) -> dict[str, Any]:
    """Accuracy of the exported file on the whole validation split."""
    from edgeslim.evaluation import evaluate

    result = evaluate(path, spec, split, spec.labels, store, threads=threads, progress=progress)
    assert result.accuracy is not None, "sample data has labels"
    return {key: value for key, value in result.accuracy.items() if key != "by_class"}


def _as_csv(rows: Sequence[Mapping[str, float]]) -> bytes:
    text = io.StringIO()
    names = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(text, fieldnames=names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _enter(entry: TrainedSample, folder: Path, order: Sequence[str]) -> None:
    """Put the entry into the manifest, which keeps the registry's order."""
    entries = {record["name"]: record for record in sample_records(folder)}
    entries[entry.name] = encoded(entry)
    models = [entries[name] for name in order if name in entries]
    write_atomically(folder / "manifest.json", (json.dumps({"models": models}, indent=1) + "\n").encode())
