"""A layer of Keras: its parameters as Keras writes them, its weights, and the shapes of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Modules = dict[str, nn.Module]
"""Ending of the name → module, in the order in which they are applied."""


class NotTranslatedError(Exception):
    """The layer, or a setting of it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`shapes` of its inputs, channels first; `weights` in Keras's order and layout.

    `operands` are what an operation is called with: None for a tensor, else a number. `flattened`: (height, width,
    channels) of what a Dense layer reads, where that was flattened with the channels first.
    """

    kind: str
    config: Mapping[str, Any]
    weights: Sequence[NDArray[Any]]
    shapes: Sequence[tuple[int, ...]]
    operands: Sequence[float | None] = ()
    flattened: tuple[int, int, int] | None = None

    def pair(self, key: str) -> tuple[int, int]:
        value = self.config[key]
        first, second = (value, value) if isinstance(value, int) else value
        return int(first), int(second)

    def refuse(self, why: str) -> NotTranslatedError:
        return NotTranslatedError(f"{self.kind} ({why})")


class Applied(nn.Module):
    """A function of tensors and fixed numbers, combined from left to right."""

    def __init__(self, function: Callable[[Any, Any], Any], operands: Sequence[float | None] = ()) -> None:
        super().__init__()
        self._function, self._operands = function, operands

    def forward(self, *tensors: Tensor) -> Tensor:
        left = list(tensors)
        values = [left.pop(0) if operand is None else operand for operand in self._operands] or left
        result = values[0]
        for value in values[1:]:
            result = self._function(result, value)
        return result  # type: ignore[return-value]


class Rearranged(nn.Module):
    """Reshaped as if the channels came last."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self._shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
        x = x.reshape(1, *self._shape)
        return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


class Affine(nn.Module):
    """x · scale + offset, one number or one for each channel."""

    def __init__(self, scale: NDArray[Any], offset: NDArray[Any]) -> None:
        super().__init__()
        self.scale = nn.Buffer(torch.tensor(scale, dtype=torch.float32))
        self.offset = nn.Buffer(torch.tensor(offset, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.offset


class PerChannel(nn.Module):
    """(x − mean) / deviation."""

    def __init__(self, mean: NDArray[Any], deviation: NDArray[Any]) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.tensor(mean, dtype=torch.float32))
        self.deviation = nn.Buffer(torch.tensor(deviation, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class Mean(nn.Module):
    def __init__(self, maximum: bool, keep: bool) -> None:
        super().__init__()
        self._maximum, self._keep = maximum, keep

    def forward(self, x: Tensor) -> Tensor:
        return x.amax((2, 3), keepdim=self._keep) if self._maximum else x.mean((2, 3), keepdim=self._keep)


def first(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) else value


def require_channel_axis(layer: Layer) -> None:
    rank, axis = len(layer.shapes[0]), int(first(layer.config["axis"]))
    if axis % rank != rank - 1:
        raise layer.refuse(f"axis {axis}")


def copy_into(target: Tensor | None, value: NDArray[Any]) -> None:
    assert target is not None, "there is one"
    with torch.no_grad():
        target.copy_(torch.from_numpy(np.ascontiguousarray(value, np.float32)))


def totals(
    layer: Layer, kernel: tuple[int, int], strides: tuple[int, int], dilation: tuple[int, int]
) -> list[int]:
    """Rows and columns of padding, before and after together: TensorFlow's rule for 'same'."""
    if layer.config["padding"] == "valid":
        return [0, 0]
    if layer.config["padding"] != "same":
        raise layer.refuse(f"padding {str(layer.config['padding'])[:40]}")
    sides = zip(layer.shapes[0][2:], kernel, strides, dilation, strict=True)
    return [
        max((-(-size // step) - 1) * step + (extent - 1) * spread + 1 - size, 0)
        for size, extent, step, spread in sides
    ]


def padded(
    layer: Layer, kernel: tuple[int, int], strides: tuple[int, int], dilation: tuple[int, int]
) -> tuple[Modules, tuple[int, int]]:
    """A module that pads unevenly, and the even padding of the convolution."""
    rows, columns = totals(layer, kernel, strides, dilation)
    top, left = rows // 2, columns // 2
    if rows % 2 == 0 and columns % 2 == 0:
        return {}, (top, left)
    return {"_pad": nn.ZeroPad2d((left, columns - left, top, rows - top))}, (0, 0)
