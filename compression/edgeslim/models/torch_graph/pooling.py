"""Pooling over the image plane."""

from __future__ import annotations

from math import inf

from torch.nn import functional

from edgeslim.models.torch_graph.builder import Value
from edgeslim.models.torch_graph.operation import Operation, converts
from edgeslim.models.torch_graph.padding import pad_before


@converts("MaxPool")
def max_pool(op: Operation) -> Value:
    kernel = _kernel(op)
    value, padding = pad_before(op, op.input(0), kernel, -inf)
    return op.call(
        functional.max_pool2d,
        value,
        kernel,
        stride=_sizes(op, "strides"),
        padding=padding,
        dilation=_sizes(op, "dilations"),
        ceil_mode=bool(op.integer("ceil_mode", 0)),
    )


@converts("AveragePool")
def average_pool(op: Operation) -> Value:
    kernel = _kernel(op)
    counted = bool(op.integer("count_include_pad", 0))
    if _sizes(op, "dilations") != (1, 1):
        op.refuse("it is dilated")
    before = op.input(0)
    value, padding = pad_before(op, before, kernel, 0.0)
    if value is not before and not counted:
        op.refuse("its pads differ between the two sides and are not counted")
    return op.call(
        functional.avg_pool2d,
        value,
        kernel,
        stride=_sizes(op, "strides"),
        padding=padding,
        ceil_mode=bool(op.integer("ceil_mode", 0)),
        count_include_pad=counted,
    )


@converts("GlobalAveragePool")
def global_average_pool(op: Operation) -> Value:
    _require_image(op)
    return op.call(functional.adaptive_avg_pool2d, op.input(0), (1, 1))


@converts("GlobalMaxPool")
def global_max_pool(op: Operation) -> Value:
    _require_image(op)
    return op.call(functional.adaptive_max_pool2d, op.input(0), (1, 1))


def _kernel(op: Operation) -> tuple[int, ...]:
    if len(op.node.output) > 1 and op.node.output[1]:
        op.refuse("its indices are used")
    kernel = tuple(op.attributes["kernel_shape"])
    if len(kernel) != 2:
        op.refuse(f"it is {len(kernel)}-dimensional")
    return kernel


def _require_image(op: Operation) -> None:
    if len(op.builder.shape(op.input(0))) != 4:
        op.refuse("its input is not an image")


def _sizes(op: Operation, name: str) -> tuple[int, ...]:
    return tuple(op.attributes.get(name, [1, 1]))
