"""ncnn's two files: layers in text (.param), and their weights one after the other (.bin)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.runtime.integer_layers import IntegerLayer
from edgeslim.runtime.ncnn.plain import LIMIT

_RAW, _HALF, _INTEGER, _CODEBOOK = 0, 0x01306B47, 0x000D4B38, 1
"""Tags before a weight: float32, float16, int8, and (any other number) 256 values and an index for each weight."""
_VALUES = 256
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """A line of the .param file; `parameters` by their numbers, as text."""

    kind: str
    name: str
    blobs: str
    """Numbers and names of inputs and outputs, as they are written."""
    parameters: Mapping[int, str]

    def number(self, key: int, default: int = 0) -> int:
        return int(self.parameters.get(key, default))

    def with_parameter(self, key: int, value: int) -> Layer:
        return Layer(self.kind, self.name, self.blobs, {**self.parameters, key: str(value)})

    def line(self) -> str:
        told = " ".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"{self.kind:<24} {self.name:<24} {self.blobs} {told}".rstrip()


@dataclass(frozen=True, slots=True)
class Weight:
    """Numbers of a layer. `tagged`: ncnn reads them in any storage."""

    values: Floats
    tagged: bool


@dataclass(frozen=True, slots=True)
class Network:
    """A network of ncnn: its layers, each with its weights in the order of the .bin file."""

    head: str
    layers: tuple[tuple[Layer, tuple[Weight, ...]], ...]


def _layer_weights(weight: int, bias: int) -> Callable[[Layer], list[tuple[int, bool]]]:
    """Of a layer whose parameters `weight` and `bias` say how many weights there are and whether it has biases."""
    return lambda layer: [(layer.number(weight), True)] + [(layer.number(0), False)] * layer.number(bias)


def _gru_weights(layer: Layer) -> list[tuple[int, bool]]:
    """Of inputs, biases, of the state: three gates, whose last one has two biases, in one or both directions."""
    outputs, directions = layer.number(0), 2 if layer.number(2) == 2 else 1
    return [
        (layer.number(1), True),
        (4 * outputs * directions, True),
        (3 * outputs * outputs * directions, True),
    ]


_WEIGHTS: dict[str, Callable[[Layer], list[tuple[int, bool]]]] = {
    "Convolution": _layer_weights(6, 5),
    "Convolution1D": _layer_weights(6, 5),
    "ConvolutionDepthWise": _layer_weights(6, 5),
    "Deconvolution": _layer_weights(6, 5),
    "DeconvolutionDepthWise": _layer_weights(6, 5),
    "InnerProduct": _layer_weights(2, 1),
    "GRU": _gru_weights,
    "BatchNorm": lambda layer: [(layer.number(0), False)] * 4,
    "PReLU": lambda layer: [(layer.number(0), False)],
    "Scale": lambda layer: [(layer.number(0), False)] * (1 + layer.number(1)),
    "MemoryData": lambda layer: [
        (int(np.prod([max(layer.number(key), 1) for key in (0, 1, 2, 11)])), layer.number(21, 1) == 0)
    ],
}
"""How many numbers each kind of layer reads, and which of them in any storage. All others read none."""


def parse(param: str, content: bytes) -> Network:
    """The network of a .param and a .bin file in float32. Raises ValueError: it has weights of kinds unknown here."""
    head, _, *lines = param.strip().splitlines()
    layers, at = [], 0
    for line in lines:
        layer = _layer(line)
        weights = []
        for count, tagged in _WEIGHTS[layer.kind](layer) if layer.kind in _WEIGHTS else ():
            if tagged and content[at : at + 4] != struct.pack("<I", _RAW):
                raise ValueError(f"the weights of {layer.kind} are no float32")
            at += 4 * tagged
            weights.append(Weight(np.frombuffer(content, "<f4", count, at), tagged))
            at += 4 * count
        layers.append((layer, tuple(weights)))
    if at != len(content):
        kinds = sorted({layer.kind for layer, _ in layers} - set(_WEIGHTS))
        raise ValueError(f"a layer among {', '.join(kinds)} has weights")
    return Network(head, tuple(layers))


def _layer(line: str) -> Layer:
    kind, name, inputs, outputs, *rest = line.split()
    count = int(inputs) + int(outputs)
    pairs = (item.split("=", 1) for item in rest[count:])
    return Layer(
        kind, name, " ".join((inputs, outputs, *rest[:count])), {int(key): value for key, value in pairs}
    )


def written(
    network: Network, integers: Mapping[bytes, IntegerLayer]
) -> tuple[str, bytes, tuple[IntegerLayer, ...]]:
    """.param and .bin, and which of the `integers`, by their weights' float32 bytes, compute with integers there.

    Other weights are stored in float16, or as a codebook where that is smaller and loses nothing.
    """
    lines, parts, used = [], list[bytes](), []
    for layer, weights in network.layers:
        integer = integers.get(weights[0].values.tobytes()) if weights else None
        if integer is not None and (changed := _integer_kind(layer, integer)) is not None:
            used.append(integer)
            lines.append(changed.line())
            parts.append(_tagged(_INTEGER, integer.codes.tobytes()))
            parts += [weight.values.tobytes() for weight in weights[1:]]
            parts += [(1 / integer.scales).astype("<f4").tobytes(), struct.pack("<f", LIMIT / integer.peak)]
            continue
        lines.append(layer.line())
        for weight in weights:
            if weight.tagged:
                parts.append(_stored(weight.values))
            else:
                parts.append(weight.values.tobytes())
    blobs = {name for layer, _ in network.layers for name in layer.blobs.split()[2:]}
    param = "\n".join([network.head, f"{len(lines)} {len(blobs)}", *lines, ""])
    return param, b"".join(parts), tuple(used)


def _integer_kind(layer: Layer, integer: IntegerLayer) -> Layer | None:
    """The layer as it computes with integers; None if ncnn cannot, with a scale for each output."""
    outputs = layer.number(0)
    if outputs != len(integer.scales):
        return None
    if layer.kind == "ConvolutionDepthWise":
        return layer.with_parameter(8, 1) if layer.number(7, 1) == outputs else None
    return layer.with_parameter(8, 2) if layer.kind in ("Convolution", "InnerProduct") else None


def _stored(values: Floats) -> bytes:
    """A weight as a codebook where that loses nothing and is smaller, else in float16 where that holds it."""
    if np.abs(values).max(initial=0.0) > np.finfo(np.float16).max:
        return _tagged(_RAW, values.tobytes())
    shared, index = np.unique(values, return_inverse=True)
    if len(shared) <= _VALUES and 4 * _VALUES + len(values) < 2 * len(values):
        table = np.zeros(_VALUES, "<f4")
        table[: len(shared)] = shared
        return _tagged(_CODEBOOK, table.tobytes() + index.astype(np.uint8).tobytes())
    return _tagged(_HALF, values.astype("<f2").tobytes())


def _tagged(tag: int, content: bytes) -> bytes:
    """With its tag before it, and filled up to whole words."""
    return struct.pack("<I", tag) + content + bytes(-len(content) % 4)
