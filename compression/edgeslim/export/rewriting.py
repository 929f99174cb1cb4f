"""Exact rewrites of float graphs: the same outputs, up to the order of sums, from fewer or cheaper operators."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy

import numpy as np
import onnx
from onnx import helper

from edgeslim.export import clean
from edgeslim.export.hard_swish import as_hard_sigmoids
from edgeslim.models.graph import Array, Initializers, attributes, producers, uses

KINDS = ("space_to_depth", "pool_chain", "hard_swish")


def rewritten(
    model: onnx.ModelProto, kinds: Collection[str] = KINDS
) -> tuple[onnx.ModelProto, dict[str, int]]:
    """A copy with rewrites of these kinds applied wherever they fit, and how often each was."""
    result = deepcopy(model)
    done = {kind: REWRITES[kind](result) for kind in KINDS if kind in kinds}
    clean.drop_unused(result)
    return result, done


def _merge_space_to_depth(model: onnx.ModelProto) -> int:
    """Slices with step 2, concatenated and convolved → one convolution of twice the kernel size and stride.

    The four phases of the image that a "focus" layer stacks become the phases of the larger kernel.
    """
    graph = model.graph
    weights, made, counts = Initializers(graph), producers(graph), uses(graph)
    merged = 0
    for conv in graph.node:
        concat = made.get(conv.input[0]) if conv.op_type == "Conv" else None
        if concat is None or concat.op_type != "Concat" or attributes(concat).get("axis") != 1:
            continue
        phases = [_phase(name, made, weights) for name in concat.input]
        found = [phase for phase in phases if phase is not None]
        values = attributes(conv)
        plain = (
            values.get("group", 1) == 1
            and set(values.get("dilations", [1])) == {1}
            and not values.get("auto_pad")
            and counts[concat.output[0]] == counts[conv.input[1]] == 1
        )
        if not plain or len(found) != len(phases) or len({source for source, _ in found}) != 1:
            continue
        weight = weights.array(conv.input[1])
        if len(found) != 4 or len({place for _, place in found}) != 4 or weight.shape[1] % 4:
            continue
        _replace(conv, found, weight, weights, values)
        merged += 1
    return merged


def _phase(
    name: str, made: dict[str, onnx.NodeProto], weights: Initializers
) -> tuple[str, tuple[int, int]] | None:
    """The tensor of which `name` holds every second row and column, and the first (row, column) taken."""
    starts = {2: -1, 3: -1}
    while (node := made.get(name)) is not None and node.op_type == "Slice" and len(node.input) == 5:
        if not all(item in weights for item in node.input[1:]):
            return None
        start, end, axis, step = (weights.array(item).tolist() for item in node.input[1:])
        if len(axis) != 1 or axis[0] not in starts or starts[axis[0]] != -1:
            return None
        if step != [2] or start[0] not in (0, 1) or end[0] < 2**31 - 1:
            return None
        starts[axis[0]] = start[0]
        name = node.input[0]
    return (name, (starts[2], starts[3])) if -1 not in starts.values() else None


def _replace(
    conv: onnx.NodeProto,
    phases: list[tuple[str, tuple[int, int]]],
    weight: Array,
    weights: Initializers,
    values: dict[str, list[int]],
) -> None:
    out, depth, height, width = weight.shape
    depth //= 4
    large = np.zeros((out, depth, 2 * height, 2 * width), weight.dtype)
    for index, (_, (row, column)) in enumerate(phases):
        large[:, :, row::2, column::2] = weight[:, depth * index : depth * (index + 1)]
    weights.put(conv.input[1], large)
    conv.input[0] = phases[0][0]
    kept = [item for item in conv.attribute if item.name not in ("kernel_shape", "pads", "strides")]
    changed = {
        "kernel_shape": [2 * height, 2 * width],
        "pads": [2 * pad for pad in values.get("pads", [0] * 4)],
        "strides": [2 * stride for stride in values.get("strides", [1, 1])],
    }
    del conv.attribute[:]
    conv.attribute.extend([*kept, *(helper.make_attribute(key, value) for key, value in changed.items())])


def _chain_pools(model: onnx.ModelProto) -> int:
    """Max pools of sizes k, 2k - 1, 3k - 2 … of one tensor → a chain of the smallest pool."""
    graph = model.graph
    groups: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "MaxPool" and _same_size(node):
            groups.setdefault(node.input[0], []).append(node)
    chained = 0
    for pools in groups.values():
        pools.sort(key=lambda node: attributes(node)["kernel_shape"][0])
        sizes = [attributes(node)["kernel_shape"][0] for node in pools]
        first = sizes[0]
        if len(pools) < 2 or sizes != [first + index * (first - 1) for index in range(len(sizes))]:
            continue
        template = list(pools[0].attribute)
        for before, pool in itertools.pairwise(pools):
            pool.input[0] = before.output[0]
            del pool.attribute[:]
            pool.attribute.extend(template)
        chained += 1
    _sort(graph)
    return chained


def _same_size(node: onnx.NodeProto) -> bool:
    """Square odd kernel, stride 1, padded to keep the size, one output."""
    values = attributes(node)
    kernel = values["kernel_shape"]
    return (
        len(node.output) == 1
        and len(set(kernel)) == 1
        and kernel[0] % 2 == 1
        and kernel[0] > 1
        and set(values.get("strides", [1])) == {1}
        and set(values.get("dilations", [1])) == {1}
        and not values.get("ceil_mode", 0)
        and values.get("pads") == [kernel[0] // 2] * (2 * len(kernel))
    )


def _sort(graph: onnx.GraphProto) -> None:
    """Sort the nodes topologically, in place."""
    inner = {name for node in graph.node for name in node.output}
    waiting, ready, ordered = list(graph.node), set[str](), []
    while waiting:
        later = []
        for node in waiting:
            if all(name in ready for name in node.input if name in inner):
                ordered.append(node)
                ready.update(node.output)
            else:
                later.append(node)
        waiting = later
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in ordered]
    del graph.node[:]
    graph.node.extend(copies)


REWRITES: Mapping[str, Callable[[onnx.ModelProto], int]] = {
    "space_to_depth": _merge_space_to_depth,
    "pool_chain": _chain_pools,
    "hard_swish": lambda model: as_hard_sigmoids(model.graph),
}
