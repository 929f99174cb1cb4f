"""Tasks: how images are prepared for a model, and how its outputs are decoded and scored."""

from __future__ import annotations

from edgeslim.models.base import ModelSpec
from edgeslim.tasks.base import Task
from edgeslim.tasks.classification import Classification
from edgeslim.tasks.detection import Detection

__all__ = ["Task", "task_for"]

_TASKS: dict[str, Task] = {task.name: task for task in (Detection(), Classification())}


def task_for(spec: ModelSpec) -> Task:
    """The task of a model."""
    return _TASKS[spec.task]
