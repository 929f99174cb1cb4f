"""What a model family is: how its outputs are shaped, recognised, and turned into boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import FloatArray, IntArray
from edgeslim.errors import ModelError
from edgeslim.models.base import ColorOrder, ModelSpec, Resize
from edgeslim.models.labels import default_labels
from edgeslim.registry import Registry

TaskName = Literal["detection", "classification"]
Shape = tuple[int, ...]
Output = NDArray[Any]
Raw = tuple[FloatArray, FloatArray, IntArray]
"""Before NMS: boxes (N, 4) xyxy in network-input pixels, scores (N,), classes (N,)."""

COMMON_STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""The level sets that detectors with all levels in one output use."""
_LARGEST_EXPONENT = 20.0


class Family:
    """One way of laying out a network's outputs. Subclasses are registered in FAMILIES, one file each.

    Outputs are told apart by shape, never by name or order. A missing batch dimension is accepted everywhere.
    """

    name: str
    task: TaskName = "detection"
    nms: bool = True
    """Whether decoded boxes still need non-maximum suppression."""
    conventions: Mapping[str, Any]
    """How the family's published models are fed: values for a specification's keys that nobody gave."""

    def recognise(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> dict[str, Any] | None:
        """Hints for a specification (keys of ModelSpec) if outputs of these shapes fit, else None."""
        found = self.match(shapes, input_hw)
        if found is None:
            return None
        strides, classes = found
        hints = {
            "task": self.task,
            "family": self.name,
            "strides": strides,
            "labels": default_labels(classes),
        }
        return {**self.conventions, **hints}

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        """(strides, number of classes) if the shapes fit, else None."""
        raise AssertionError("a family defines match")

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        """Whether the values of outputs whose shapes fit are such as this family gives (any input image)."""
        return True

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        """Boxes scoring at least `spec.confidence`; a place may have one a class. Raises ModelError."""
        raise AssertionError("a detector's family defines decode")

    def misfit(self, outputs: Sequence[Output], spec: ModelSpec) -> NoReturn:
        """Raise ModelError: these outputs are not this family's."""
        raise misfit_error(self.name, [output.shape for output in outputs], spec)


FAMILIES: Registry[Family] = Registry("model family")


def feeding(
    *,
    color: ColorOrder = "RGB",
    scale: float = 1.0,
    mean: tuple[float, ...] = (0.0, 0.0, 0.0),
    std: tuple[float, ...] = (1.0, 1.0, 1.0),
    resize: Resize = "stretch",
    pad_value: float = 114.0,
    confidence: float = 0.05,
    nms_iou: float = 0.6,
) -> Mapping[str, Any]:
    """A family's conventions: see ModelSpec for the meaning and units of each."""
    return dict(locals())


def misfit_error(family: str, shapes: Sequence[Shape], spec: ModelSpec) -> ModelError:
    """The error for outputs that do not fit the family that the specification names."""
    listed = list_shapes(shapes)
    return ModelError(
        "outputs_do_not_fit",
        f"The outputs {listed} do not fit the family '{family}' with {len(spec.labels)} labels at "
        f"{spec.input_width}×{spec.input_height}.",
        "Correct 'family', 'labels', 'strides' or the input size in the model's specification.",
        family=family,
        shapes=listed,
        labels=len(spec.labels),
        width=spec.input_width,
        height=spec.input_height,
    )


def list_shapes(shapes: Sequence[Shape]) -> str:
    """`[1, 80, 24, 36], [1, 4, 24, 36]`."""
    return ", ".join(str(list(shape)) for shape in shapes)


def rows_of(output: Output) -> FloatArray:
    """(N, K) rows of one output: [1, N, K], [N, K], or a map [1, K, h, w] as (h·w, K)."""
    rows: FloatArray = output[0] if output.ndim > 2 else output
    return rows.reshape(len(rows), -1).T if output.ndim == 4 else rows


def row_shape(shape: Shape) -> tuple[int, int] | None:
    """(N, K) of an output's rows (see rows_of), or None if it has none."""
    if len(shape) == 4 and shape[0] == 1:
        return shape[2] * shape[3], shape[1]
    if len(shape) == 3 and shape[0] == 1:
        return shape[1], shape[2]
    return (shape[0], shape[1]) if len(shape) == 2 else None


def cells(input_hw: tuple[int, int], stride: int) -> tuple[int, int]:
    """(rows, columns) of a level's grid."""
    return -(-input_hw[0] // stride), -(-input_hw[1] // stride)


def strides_for(count: int, input_hw: tuple[int, int]) -> tuple[int, ...] | None:
    """The common level set with `count` cells over all levels, if there is one."""
    for strides in COMMON_STRIDES:
        if sum(h * w for h, w in (cells(input_hw, s) for s in strides)) == count:
            return strides
    return None


@lru_cache(maxsize=32)
def grid(input_hw: tuple[int, int], strides: tuple[int, ...], offset: float) -> tuple[FloatArray, FloatArray]:
    """Points (N, 2) as x, y in pixels at (cell + offset)·stride and their strides (N,), level by level."""
    points, scales = [np.zeros((0, 2))], [np.zeros(0)]
    for stride in strides:
        height, width = cells(input_hw, stride)
        y, x = np.mgrid[0:height, 0:width]
        points.append((np.stack([x, y], axis=-1).reshape(-1, 2) + offset) * stride)
        scales.append(np.full(height * width, stride))
    found = np.concatenate(points).astype(np.float32), np.concatenate(scales).astype(np.float32)
    for array in found:
        array.setflags(write=False)
    return found


def size_of(spec: ModelSpec) -> tuple[int, int]:
    """The network's input size as (height, width)."""
    return spec.input_height, spec.input_width


def candidates(scores: FloatArray, confidence: float) -> tuple[IntArray, IntArray]:
    """Rows and classes of the entries of (N, C) `scores` that reach `confidence` (NaN never does)."""
    rows, classes = np.nonzero(scores >= confidence)
    return rows, classes


def around(points: FloatArray, distances: FloatArray) -> FloatArray:
    """Boxes xyxy from points (N, 2) and their distances (N, 4) to the left, top, right and bottom edge."""
    return np.concatenate([points - distances[:, :2], points + distances[:, 2:]], axis=1)


def from_centres(centres: FloatArray, sizes: FloatArray) -> FloatArray:
    """Boxes xyxy from centres (N, 2) and sizes (N, 2)."""
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)


def exp(values: FloatArray) -> FloatArray:
    """Exponential that a damaged network cannot overflow."""
    result: FloatArray = np.exp(np.minimum(values, _LARGEST_EXPONENT))
    return result


def sigmoid(values: FloatArray) -> FloatArray:
    """Logistic function, in the form that cannot overflow."""
    result: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * values))
    return result


def raw(boxes: FloatArray, scores: FloatArray, classes: IntArray) -> Raw:
    """The three arrays in their types, without boxes that are not finite (a damaged network makes them)."""
    keep = np.isfinite(boxes).all(axis=1)
    return boxes[keep].astype(np.float32), scores[keep].astype(np.float32), classes[keep].astype(np.int64)


def are_scores(values: Output) -> bool:
    """Whether all values lie within 0–1 but for rounding, as a sigmoid's or softmax's do."""
    return bool(values.size) and bool((values > -1e-4).all() and (values < 1 + 1e-4).all())
