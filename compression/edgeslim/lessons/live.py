"""The pictures that compute in the page, without asking the server: what data each of them needs.

One Struct per picture; `Live` is any of them. An experiment that is a lesson's `live` gives one as its first view:

    Threshold.of(weights, opened=("stage4.1.expand", …))    pruning
    Quantize(layers=(Array.of("stem", weight), …), …)       quantization
    Entropy(layers=…, bits=…, coded=…)                      redundancy
    LowRank(matrices=…, pictures=…)                         low rank
    Softening(labels=…, examples=…)                         distillation
    Activation(layers=…)                                    networks

All numbers are real: weights, logits, activations, pictures of our data. Everything else (histograms, shares, bits,
errors, factors) the page computes. An array takes 2.7 bytes a number in JSON: send a few layers, about 40,000 numbers.
A layer's name is a word's key, as in `views`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles

Numbers = tuple[float, ...]
STEPS = 100
"""Positions of the pruning slider above zero: 1 % of the weights each."""


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of a shape, row-major, as little-endian float16: three figures of each.

    A convolution's shape is (out, in, height, width), a linear layer's (out, in).
    """

    name: str
    shape: tuple[int, ...]
    values: bytes

    @classmethod
    def of(cls, name: str, values: NDArray[Any]) -> Self:
        return cls(name=name, shape=values.shape, values=values.astype("<f2").tobytes())

    @property
    def numbers(self) -> Doubles:
        """What the page computes with, in the array's shape."""
        return np.frombuffer(self.values, "<f2").astype(np.float64).reshape(self.shape)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A layer as a bar: `below[k]` of its `weights` have a magnitude under the k-th threshold."""

    name: str
    weights: int
    below: tuple[int, ...]


class Threshold(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Pruning: whole network → a layer's histogram and kernels → |w| < t.

    `network` has every layer that is pruned, in order; `layers` those that can be opened. At position k the smallest k %
    of all weights together lie under `thresholds[k]`, k = 0 … 100. `downloads`: (share of zeros, bytes) of real files,
    smallest first, measured; may be empty.
    """

    network: tuple[Share, ...]
    thresholds: Numbers
    layers: tuple[Array, ...]
    downloads: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(
        cls,
        weights: Mapping[str, NDArray[Any]],
        opened: Sequence[str],
        downloads: Iterable[tuple[float, float]] = (),
    ) -> Self:
        """From the pruned layers' weights by name; `opened` names those to send whole."""
        sent = {name: Array.of(name, weight) for name, weight in weights.items()}
        sizes = {name: np.abs(array.numbers).ravel() for name, array in sent.items()}
        together = np.sort(np.concatenate(list(sizes.values())))
        places = np.arange(STEPS) * len(together) // STEPS
        thresholds = np.array([*together[places], together[-1] + 1.0])
        return cls(
            network=tuple(
                Share(
                    name=name,
                    weights=size.size,
                    below=tuple(np.searchsorted(np.sort(size), thresholds, side="left").tolist()),
                )
                for name, size in sizes.items()
            ),
            thresholds=tuple(thresholds.tolist()),
            layers=tuple(sent[name] for name in opened),
            downloads=tuple(downloads),
        )


class Quantize(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Quantization: layers → the number line of one → w/s, round, clip, times s.

    `layers` in the network's order, output channels first. `weights` of the whole network are quantized in a file that
    has `file` bytes in float32: what it takes at other bits is computed from these.
    """

    layers: tuple[Array, ...]
    weights: int
    file: int


class Entropy(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Redundancy: layers → the histogram of one in 2^b equal bins over its range → -log2 p of one bin.

    The bins are those of `metrics.redundancy.histogram(array.numbers, 2**b)`. `coded[layer][k]`: bytes that a real coder
    (`coder`, a word's key) needed for the layer's bin numbers at `bits[k]`, measured on `array.numbers`.
    """

    layers: tuple[Array, ...]
    coder: str
    bits: tuple[int, ...]
    coded: tuple[Numbers, ...]


class LowRank(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Low rank: a matrix, its singular values, its first r terms → the sum of r products that makes one element.

    `matrices`: kernels as (out, in · height · width), at most 64 × 600. `pictures`: of our data, grey, 0 … 255, shape
    (height, width), at most 96 × 144. The page computes the SVD.
    """

    matrices: tuple[Array, ...]
    pictures: tuple[Array, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An image with a teacher's logits, one per class, and what is right. The picture is grey, 0 … 1, (height, width)."""

    picture: Array
    logits: Numbers
    label: int


class Softening(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Distillation: logits → divided by T → softmax, beside the hard label."""

    labels: tuple[str, ...]
    examples: tuple[Example, ...]


class Activation(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Activation functions: curve and slope → one x → a histogram of real pre-activations going through it.

    `layers`: values before the activation, of a trained network on real images: 1,000 to 4,000 of each layer.
    """

    layers: tuple[Array, ...]


Live = Threshold | Quantize | Entropy | LowRank | Softening | Activation
