"""A model family: the layout of its outputs, how they are recognised and decoded, and its training loss.

What NumPy arrays and torch tensors have in common is written once for both; torch is imported only where tensors
already exist, so that viewing results does not need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from numpy.typing import NDArray

from edgeslim.detections import FloatArray, IntArray, Target, TaskName
from edgeslim.errors import ModelError
from edgeslim.models.base import ColorOrder, ModelSpec, Resize, ResizeFilter, default_labels
from edgeslim.models.families.geometry import Values
from edgeslim.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]
Output = NDArray[Any]
Raw = tuple[FloatArray, FloatArray, IntArray]
"""Before NMS: boxes (N, 4) xyxy in network-input pixels, scores (N,), classes (N,)."""
Loss = Callable[["Sequence[Tensor]", Sequence[Target], ModelSpec], "Tensor"]
"""(outputs in any order, one target per image in input pixels, specification) → scalar."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns `start` … `stop` - 1 of one output, viewed as rows (…, places, columns)."""

    output: int
    start: int
    stop: int

    @property
    def width(self) -> int:
        return self.stop - self.start

    def part(self, start: int, stop: int) -> Columns:
        """Some of the columns, counted from the first of these."""
        return Columns(self.output, self.start + start, self.start + stop)

    def of(self, rows: Sequence[Values]) -> Values:
        return rows[self.output][..., self.start : self.stop]


@dataclass(frozen=True, slots=True)
class HeadColumns:
    """Meaning of the columns of one detection head, that is of the values predicted at the same places.

    `numbers` are boxes (and landmarks) as numbers, `bins` the logits of four distributions over bins.
    """

    classes: Columns
    objectness: Columns | None = None
    numbers: tuple[Columns, ...] = ()
    bins: Columns | None = None
    logits: bool = False
    """Whether class scores are logits, before the sigmoid."""
    background: int = 0
    """Number of leading class columns that mean 'no object'."""
    powers: tuple[float, float] = (1.0, 1.0)
    """Of objectness and class probability in their product, the score."""

    @property
    def boxes(self) -> Columns | None:
        return self.bins or next((each for each in self.numbers if each.width == 4), None)


class Family:
    """A layout of a network's outputs. Subclasses are registered in FAMILIES, one file each.

    Outputs are identified by shape, never by name or order. A missing batch dimension is accepted everywhere.
    A detector's family decodes in two ways: `decode` returns the boxes of one image in NumPy, for inference; `head`
    and `boxes` locate and decode scores and boxes with gradients, for training. Both must agree.
    """

    name: str
    task: TaskName = "detection"
    nms: bool = True
    """Whether decoded boxes still need non-maximum suppression."""
    one_class: bool = False
    """Whether a place has one class, the likeliest."""
    on_grid: bool = True
    """Whether `boxes` needs the position in the image of each row of the outputs."""
    offset: float = 0.0
    """Position of a place's point in its cell, as a fraction of the cell's side."""
    conventions: Mapping[str, Any]
    """Preparation of images for the family's published models: defaults for keys missing from a specification."""
    variants: Sequence[Mapping[str, Any]] = ()
    """Other ways in which its models were published, as changes of the conventions."""

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
        """Whether values of outputs with fitting shapes are in the range of this family's (for any image)."""
        return True

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        """Boxes with scores of at least `spec.confidence`, up to one per place and class. Raises ModelError."""
        raise AssertionError("a detector's family defines decode")

    def columns_first(self, shape: Shape, labels: int) -> bool:
        """Whether an output of this shape (batch, columns, places) has its columns before its places."""
        return False

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        """The head formed by these outputs with equal numbers of places; None if they do not fit `labels` classes."""
        raise AssertionError("a detector's family defines head")

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        """Boxes (…, N, 4) xyxy in input pixels from a head's box columns (…, N, K).

        `points` (N, 2) in pixels and `strides` (N, 1) of the places are unused unless `on_grid`.
        """
        raise AssertionError("a family with heads defines boxes")

    @property
    def loss(self) -> Loss | None:
        """The loss that trains the family with labels; None if there is none."""
        return None

    def misfit(self, outputs: Sequence[Output], spec: ModelSpec) -> NoReturn:
        """Raise ModelError: these outputs do not fit the family."""
        raise misfit_error(self.name, [output.shape for output in outputs], spec)


FAMILIES: Registry[Family] = Registry("model family")


def feeding(
    *,
    color: ColorOrder = "RGB",
    scale: float = 1.0,
    mean: tuple[float, ...] = (0.0, 0.0, 0.0),
    std: tuple[float, ...] = (1.0, 1.0, 1.0),
    resize: Resize = "stretch",
    resize_filter: ResizeFilter = "bilinear",
    pad_value: float = 114.0,
    confidence: float = 0.05,
    nms_iou: float = 0.6,
) -> Mapping[str, Any]:
    """Conventions of a family: see ModelSpec for the meaning and units."""
    return dict(locals())


def misfit_error(family: str, shapes: Sequence[Shape], spec: ModelSpec) -> ModelError:
    """The error for outputs that do not fit the family that the specification names."""
    listed = list_shapes(shapes)
    return ModelError(
        "outputs_do_not_fit",
        family=family,
        shapes=listed,
        labels=len(spec.labels),
        width=spec.input_width,
        height=spec.input_height,
    )


def list_shapes(shapes: Sequence[Shape]) -> str:
    """`[1, 80, 24, 36], [1, 4, 24, 36]`."""
    return ", ".join(str(list(shape)) for shape in shapes)
