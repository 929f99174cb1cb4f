"""Weight clustering: k-means palettes, packed indices, bit mask and codes for pruned layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import onnx

from compression.export.packed import CodedWeight, stored_bytes
from compression.export.packed.packing import bits_for
from compression.params import param
from compression.steps.base import STEPS, Effect, Need, OnnxStep, StepContext
from compression.steps.clustering.palette import Palette, make_palette, tuned
from compression.steps.layerwise.compress import code_layers, stored
from compression.steps.layerwise.gram import Gram
from compression.steps.layerwise.images import prepared
from compression.steps.layerwise.layers import FloatArray, WeightLayer, ends
from compression.steps.layerwise.walk import Visit
from compression.steps.quantization.coding import (
    VECTORS,
    approached,
    coded_weight,
    float_layers,
    pruned_zeros,
    rounded,
    told,
)
from compression.steps.quantization.grids import Doubles, alive, uniform
from compression.steps.quantization.rounding import Bools, compensated, nearest

ROUNDINGS = ("nearest", "compensated")
TUNED_VALUES = 64
"""Larger palettes are so fine that fitting them gains nothing, and takes long."""
WEIGHTS_PER_VALUE = 4
"""A palette has at most one value for so many weights: in small layers it would outweigh the codes."""


class _Needs:
    """Calibration images, unless a step looks at nothing but weights; of the class, what it may need."""

    def __get__(self, step: WeightClustering | None, owner: type[WeightClustering]) -> frozenset[Need]:
        return frozenset({"calibration"} if step is None or step.looks else ())


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class WeightClustering(OnnxStep):
    """Let the weights of a layer share a few values, found by k-means, and store which one each takes.

    Zeros of a pruned layer keep a code of their own, and are stored as a bit mask where that is smaller. Makes the
    file and the download smaller; memory and latency stay as they are.
    """

    name: ClassVar[str] = "weight_clustering"
    group: ClassVar[str] = "clustering"
    source: ClassVar[str] = (
        "Deep Compression, Han et al. 2016, arXiv 1510.00149; compensated: arXiv 2210.17323"
    )
    changes: ClassVar[frozenset[Effect]] = frozenset({"file", "download", "accuracy"})
    needs: ClassVar[frozenset[Need]] = cast(Any, _Needs())

    values: int = param(16, low=2, high=256, unit="values", help="Different weights in a palette.")
    channels_per_palette: int = param(
        0, low=0, high=4096, unit="channels", help="Output channels that share a palette; 0: the whole layer."
    )
    channel_scales: bool = param(True, help="Scale each channel before clustering, and store its scale.")
    rounding: str = param(
        "compensated",
        choices=ROUNDINGS,
        help="nearest value, or compensated: errors are made good by other weights of the channel.",
    )
    tuning: int = param(
        1, low=0, high=8, unit="rounds", help="Of fitting the palette's values to the layer's outputs."
    )
    statistics: bool = param(
        True, help="Match each channel's output mean and deviation to the original's, layer by layer."
    )
    first_last_bits: int = param(
        8, low=0, high=8, unit="bits", help="Uniform width for first and last layers; 0: palettes too."
    )
    depthwise_bits: int = param(
        8, low=0, high=8, unit="bits", help="Uniform width for depthwise convolutions; 0: palettes too."
    )
    storage: str = param(
        "packed",
        choices=("packed", "bytes"),
        help="packed: codes share bytes, the smaller file; bytes: one code a byte, the smaller download.",
    )
    vectors: str = param("float16", choices=VECTORS, help="How palettes, scales and biases are stored.")
    images: int = param(
        64, low=1, high=1000, unit="images", help="Calibration images, spread over the split."
    )

    @property
    def looks(self) -> bool:
        """Whether images are needed."""
        return self.statistics or self.rounding != "nearest" or self.tuning > 0

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives each layer's bits, entropy and number of values, and which are stored sparse.

        Raises RecipeError (codes 'no_float_weights', 'no_calibration_images'), DatasetError.
        """
        layers = float_layers(model, self.name)
        images = prepared(context, self.images, self.name) if self.looks else []
        first, last = ends(model, layers)

        def code(layer: WeightLayer, rows: FloatArray, visit: Visit | None) -> CodedWeight:
            special = self.first_last_bits if layer.name in first | last else 0
            special = special or (self.depthwise_bits if layer.depthwise else 0)
            return self._coded(layer, rows, visit, special, context.seed)

        coded = code_layers(
            model,
            layers,
            code,
            images,
            statistics=self.statistics,
            scaling=self.channel_scales,
            half=self.vectors == "float16",
            threads=context.threads,
            progress=context.progress,
        )
        info = told(layers, coded)
        for line in info["layers"]:
            book = coded.weights[line["name"]].codebook
            line["values"] = None if book is None else book.shape[1]
        context.info.update(info)
        result = stored(model, coded, layers, self.storage)
        context.info["bytes"] = stored_bytes(result)
        return result

    def _coded(
        self, layer: WeightLayer, rows: FloatArray, visit: Visit | None, special: int, seed: int
    ) -> CodedWeight:
        zeros = pruned_zeros(rows)
        looking = "nearest" if self.rounding == "nearest" and not self.tuning else "compensated"
        centred = self.statistics and layer.adjustable
        weight, gram = approached(rows, visit, rounding=looking, centred=centred, seed=seed)
        if special:
            zero = 0.5 if special == 1 else float(1 << (special - 1))
            grid = uniform(weight, 1 << special, zero, "mse")
            return coded_weight(layer, rounded(weight, grid, gram, zeros, self.rounding, 0), grid)
        if zeros is not None:
            weight = np.where(zeros, 0.0, weight)
        sparse = zeros is not None and zeros.mean() * bits_for(self.values) > 1
        count = min(self.values, max(2, layer.size // WEIGHTS_PER_VALUE)) + (1 if sparse else 0)
        palette = make_palette(
            weight, self._blocks(len(rows)), count, self._scales(weight), leading_zero=zeros is not None
        )
        palette, codes = self._chosen(weight, palette, gram, zeros)
        return CodedWeight(
            layer.layout,
            codes.astype(np.uint8),
            count,
            palette.scale[:, None] if self.channel_scales else None,
            codebook=palette.book,
            sparse=sparse,
        )

    def _chosen(
        self, weight: Doubles, palette: Palette, gram: Gram | None, zeros: Bools | None
    ) -> tuple[Palette, Doubles]:
        """Codes, and the palette with its values fitted to them in turn."""
        if gram is None:
            return palette, nearest(weight, palette, zeros)
        rounds = self.tuning if palette.book.shape[1] <= TUNED_VALUES else 0
        for step in range(rounds + 1):
            if self.rounding == "compensated":
                codes = compensated(weight, palette, gram, zeros)
            else:
                codes = nearest(weight, palette, zeros)
            if step < rounds:
                palette = tuned(palette, codes, weight, gram)
        return palette, codes

    def _scales(self, weight: Doubles) -> Doubles:
        """Root mean square of each row's weights that are not zero."""
        if not self.channel_scales:
            return np.ones(len(weight))
        power = np.square(weight).sum(axis=1) / np.maximum((weight != 0).sum(axis=1), 1)
        return alive(np.sqrt(power))

    def _blocks(self, rows: int) -> int:
        """Palettes of a layer: the fewest equal blocks with at most `channels_per_palette` rows."""
        if not self.channels_per_palette:
            return 1
        return next(
            count
            for count in range(1, rows + 1)
            if rows % count == 0 and rows // count <= self.channels_per_palette
        )
