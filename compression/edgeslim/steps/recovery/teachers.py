"""Which models can teach which others, decided by their specifications alone."""

from __future__ import annotations

from edgeslim.errors import RecipeError
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.families import UNKNOWN
from edgeslim.tasks.base import loss_for


def matched_by(match: str, spec: ModelSpec, teacher: ModelSpec) -> str:
    """'objects' or 'places'; 'auto' is objects if the model's family has a loss and the teacher's boxes are decodable."""
    if match != "auto":
        return match
    return (
        "objects"
        if spec.task == "detection" and loss_for(spec) is not None and teacher.family != UNKNOWN
        else "places"
    )


def check_teacher(spec: ModelSpec, teacher: Model | None, match: str, step: str) -> Model:
    """The teacher, if a model with this specification can learn from it.

    Raises RecipeError: 'no_teacher', 'teacher_task', 'teacher_labels', 'teacher_input', 'objects_without_loss',
    'teacher_without_boxes'.
    """
    if teacher is None:
        raise RecipeError("no_teacher", step=step)
    other = teacher.spec
    if other.task != spec.task:
        raise RecipeError(
            "teacher_task", teacher=teacher.name, teacher_task=other.task, task=spec.task, step=step
        )
    missing = [label for label in spec.labels if label not in other.labels]
    if missing:
        raise RecipeError("teacher_labels", teacher=teacher.name, label=missing[0], step=step)
    if spec.task == "detection":
        _check_detectors(spec, teacher, matched_by(match, spec, other), step)
    return teacher


def _check_detectors(spec: ModelSpec, teacher: Model, match: str, step: str) -> None:
    other = teacher.spec
    if match == "objects" and loss_for(spec) is None:
        raise RecipeError("objects_without_loss", family=spec.family, step=step)
    if match == "objects" and other.family == UNKNOWN:
        raise RecipeError("teacher_without_boxes", teacher=teacher.name, step=step)
    alike = spec.resize == other.resize and (match == "places" or _same_picture(spec, other))
    if match == "places":
        alike = alike and _grid(spec) == _grid(other)
    if not alike:
        raise RecipeError(
            "teacher_input", teacher=teacher.name, teacher_input=_words(other), input=_words(spec), step=step
        )


def _same_picture(spec: ModelSpec, other: ModelSpec) -> bool:
    """Whether a box is at the same relative place of both inputs: if images are stretched, or for equal shapes."""
    shapes_alike = spec.input_width * other.input_height == other.input_width * spec.input_height
    return spec.resize == "stretch" or shapes_alike


def _grid(spec: ModelSpec) -> tuple[object, ...]:
    """What must be equal for two detectors to have the same places."""
    return spec.input_width, spec.input_height, spec.strides


def _words(spec: ModelSpec) -> str:
    strides = "/".join(str(stride) for stride in spec.strides) or "–"
    return f"{spec.input_width}×{spec.input_height} {spec.resize} {strides}"
