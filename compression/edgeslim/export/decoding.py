"""What reads a detector's raw outputs, as an ONNX graph of its own: for programs that have neither Python nor our code.

The delivered file stays as it is, byte for byte; this graph is run on what it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.errors import ModelError
from edgeslim.export.onnx import simplified, to_bytes
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES, UNKNOWN
from edgeslim.models.tracing import traced

if TYPE_CHECKING:
    from torch import Tensor, nn

Shape = tuple[int, ...]
SCORES, BOXES = "scores", "boxes"


def decoding_graph(shapes: Sequence[Shape], spec: ModelSpec) -> bytes:
    """An ONNX graph from a detector's outputs of these shapes, float32, to what is at each place.

    Its inputs are `output0`, `output1` … in the order of the outputs, without those that are not needed.
    `scores` (1, N, C) from 0 to 1, objectness included; `boxes` (1, N, 4) xyxy in pixels of the network's input. Boxes
    that overlap are still to be suppressed where the family says so (`Family.nms`). Equal arguments, equal bytes.
    Raises ModelError (code 'no_decoding').
    """
    import torch

    if spec.task != "detection" or spec.family == UNKNOWN or spec.family not in FAMILIES:
        raise ModelError("no_decoding", family=spec.family)
    outputs = tuple(torch.zeros(shape) for shape in shapes)
    inputs = [f"output{index}" for index in range(len(shapes))]
    return to_bytes(simplified(traced(_reader(outputs, spec), outputs, inputs, [SCORES, BOXES])))


def _reader(outputs: Sequence[Tensor], spec: ModelSpec) -> nn.Module:
    import torch

    from edgeslim.models.families.places import of_heads, rows_and_heads, rows_of

    family = FAMILIES.get(spec.family)
    # Which outputs are a head's is found before: while it is traced, a shape is no number.
    found = rows_and_heads(_batched(outputs), spec)

    class Reader(torch.nn.Module):
        def forward(self, *outputs: Tensor) -> tuple[Tensor, Tensor]:
            if spec.family == "end_to_end":
                return _suppressed(_batched(outputs)[0], len(spec.labels))
            rows = rows_of(_batched(outputs), spec)
            places = None if found is None or rows is None else of_heads(rows, found[1], spec)
            if places is None:
                raise ModelError("no_decoding", family=spec.family)
            return _likeliest(places.scores) if family.one_class else places.scores, places.boxes

    return Reader().eval()


def _batched(outputs: Sequence[Tensor]) -> list[Tensor]:
    """With the dimension of the batch, which some exporters leave out."""
    return [output if output.dim() > 2 else output[None] for output in outputs]


def _suppressed(rows: Tensor, labels: int) -> tuple[Tensor, Tensor]:
    """Of a network that suppresses duplicates itself: rows (1, N, 6) of corners, score and class."""
    import torch

    same = rows[..., 5:6] == torch.arange(labels, dtype=rows.dtype)
    return rows[..., 4:5] * same, rows[..., :4]


def _likeliest(scores: Tensor) -> Tensor:
    """(1, N, C) with each place's highest score alone, of equal ones the first."""
    import torch

    chosen = scores.argmax(-1, keepdim=True) == torch.arange(scores.shape[-1])
    return scores * chosen
