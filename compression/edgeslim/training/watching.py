"""The headline figure of a network in training."""

from __future__ import annotations

import torch
from torch import nn

from edgeslim.datasets.base import Split
from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for


def watch(module: nn.Module, spec: ModelSpec, split: Split) -> dict[str, float]:
    """By its name, computed in torch."""
    task = task_for(spec)
    predictions = []
    for index in range(len(split)):
        prepared = task.prepare(split.image(index), spec)
        outputs = module(torch.from_numpy(prepared.tensor))
        arrays = [out.numpy() for out in (outputs if isinstance(outputs, tuple) else (outputs,))]
        predictions.append(task.decode(arrays, prepared, spec))
    scores = task.score(predictions, split, spec.labels)
    return {task.primary_metric: float(scores.figures[task.primary_metric])}
