"""Train a detector of one's own, from labelled pictures to a model of the library."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Dataset, Part, Split, Subset
from edgeslim.errors import DatasetError, RecipeError
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.models.catalogue import check_name
from edgeslim.progress import Progress, silent
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.models import ModelInfo, import_model
from edgeslim.workbench.training import AVERAGE_DECAY, BATCH, WATCHED_IMAGES, watch

if TYPE_CHECKING:
    from torch import nn

DetectorSize = Literal["small", "medium", "large"]
Start = Literal["street-signs", "nothing"]
EPOCHS = 40
RATE = 2e-3
VALIDATION = 0.2
"""Share of the images that are kept for validation, of a dataset without declared training images."""
CELL = 32
"""Sides of the input are multiples of this, in pixels."""
SIDE = 320
"""The longer side of the input, unless one is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedDetector:
    model: ModelInfo
    trained_on: int
    """Images."""
    validated_on: int
    split: str
    """How the images came to be divided: 'declared', or the seed and the share."""
    epochs: float
    seconds: float
    final_loss: float
    metrics: Mapping[str, float]
    """Of the file on the validation images."""


def train_detector(
    dataset: str | Path,
    name: str,
    *,
    size: DetectorSize = "medium",
    start: Start = "street-signs",
    epochs: int = EPOCHS,
    side: int = SIDE,
    seed: int = 0,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> TrainedDetector:
    """Train our detector of that size on the dataset's classes, and list it in the library under `name`.

    It starts from the sample model of that size, but for the last layers of its classes, or from nothing. A dataset that
    declares no training images is divided by the seed. `side` is the longer side of the input in pixels. The run's
    checkpoint lies in the store: a run that was broken off goes on. Raises DatasetError, RecipeError.
    """
    from edgeslim.evaluation import evaluate
    from edgeslim.export.onnx import export_training_form, to_bytes
    from edgeslim.models.sample_networks import OUTPUTS
    from edgeslim.training.loop import train
    from edgeslim.training.settings import TrainSettings

    store, name = store or Store(), check_name(name)
    data = open_dataset(resolve_dataset(dataset, store), store, progress)
    taught, validation, split = divided(data, seed)
    spec = detector_spec(taught, tuple(data.labels), side)
    network = _network(size, spec, start, seed)
    settings = TrainSettings(
        steps=epochs * max(len(taught) // BATCH, 1),
        batch=BATCH,
        learning_rate=RATE,
        seed=seed,
        ema_decay=AVERAGE_DECAY,
        threads=threads,
    )
    watched = Subset(validation, WATCHED_IMAGES)
    key = f"{name}-{size}-{start}-{side}-seed{seed}-{taught.fingerprint[:12]}"
    with store.in_use(), busy(name, progress) as report:
        log = train(
            network,
            taught,
            spec,
            settings,
            progress=report,
            evaluate=lambda module: watch(module, spec, watched),
            checkpoint=store.root / "training" / f"{key}.pt",
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.onnx"
        network.to("cpu")
        path.write_bytes(to_bytes(export_training_form(network, spec.input_shape, "image", OUTPUTS)))
        model = import_model(path, name=name, spec=spec, store=store, progress=progress)
    scored = evaluate(
        store.path(model.sha256), spec, validation, spec.labels, store, threads=threads, progress=progress
    )
    return TrainedDetector(
        model=model,
        trained_on=len(taught),
        validated_on=len(validation),
        split=split,
        epochs=log.rows[-1]["epoch"],
        seconds=round(log.seconds, 1),
        final_loss=round(log.final_loss, 4),
        metrics={name: value for name, value in (scored.accuracy or {}).items() if isinstance(value, float)},
    )


def divided(data: Dataset, seed: int) -> tuple[Split, Split, str]:
    """Training and validation images, and how they were divided. Raises DatasetError."""
    if not data.has_labels or data.task != "detection":
        raise DatasetError(
            "no_boxes_to_learn",
            f"'{data.name}' has no boxes to learn from.",
            "Give a dataset in COCO, YOLO or Pascal VOC format, with annotations.",
            dataset=data.name,
        )
    if "train" in data.splits:
        return data.split("train"), data.split("validation"), "declared"
    whole = data.split("validation")
    if len(whole) < 2:
        raise DatasetError(
            "too_few_images",
            f"'{data.name}' has a single image, and one is needed to learn from and another to score on.",
            "Add images.",
            dataset=data.name,
        )
    order = np.random.default_rng(seed).permutation(len(whole))
    apart = max(1, round(VALIDATION * len(whole)))
    chosen, kept = sorted(order[apart:].tolist()), sorted(order[:apart].tolist())
    told = f"{VALIDATION:.0%} of the images for validation, seed {seed}"
    return Part(whole, chosen, f"taught, {told}"), Part(whole, kept, f"kept, {told}"), told


def detector_spec(images: Split, labels: tuple[str, ...], side: int) -> ModelSpec:
    """The specification of a detector for such images: their median aspect, letterboxed. Raises RecipeError."""
    if side < 2 * CELL:
        raise RecipeError(
            "input_too_small",
            f"An input of {side} pixels is too small.",
            f"Give at least {2 * CELL}.",
            side=side,
        )
    shapes = [images.image(index).shape for index in range(min(len(images), 32))]
    aspect = float(np.median([shape[1] / shape[0] for shape in shapes]))
    width, height = (side, side / aspect) if aspect >= 1 else (side * aspect, side)
    return ModelSpec(
        task="detection",
        family="fcos",
        input_width=max(CELL, round(width / CELL) * CELL),
        input_height=max(CELL, round(height / CELL) * CELL),
        scale=1 / 255,
        resize="letterbox_center",
        strides=(8, 16),
        labels=labels,
    )


def _network(size: DetectorSize, spec: ModelSpec, start: Start, seed: int) -> nn.Module:
    """The network with new layers for its classes; the others as in the sample model of that size, or new too."""
    import onnx
    import torch
    from onnx import numpy_helper

    from edgeslim.models.catalogue import SAMPLES
    from edgeslim.models.sample_networks import SIZES, StreetSignNetwork

    name = f"street-signs-{size}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = StreetSignNetwork(SIZES[name], len(spec.labels))
    if start == "street-signs":
        stored = onnx.load(SAMPLES / f"{name}.onnx").graph.initializer
        known = {each.name: torch.tensor(numpy_helper.to_array(each)) for each in stored}
        own = network.state_dict()
        own |= {key: known[key] for key in own if key in known and ".classify.1." not in key}
        network.load_state_dict(own)
    return network
