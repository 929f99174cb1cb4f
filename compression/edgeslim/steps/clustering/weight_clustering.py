"""Weight clustering: k-means codebooks, packed indices, and a bit mask for pruned layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from edgeslim.detections import BoolArray, Doubles, FloatArray
from edgeslim.export.packed import CodedWeight
from edgeslim.export.packed.coded import bits_for
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, OnnxStep, StepContext
from edgeslim.steps.clustering.codebook import Codebook, make_codebook, tuned
from edgeslim.steps.onnx_layers.compress import Packing, packed
from edgeslim.steps.onnx_layers.gram import Gram
from edgeslim.steps.onnx_layers.layers import WeightLayer, outer, pruned_zeros
from edgeslim.steps.onnx_layers.walk import Visit
from edgeslim.steps.quantization import coding
from edgeslim.steps.quantization.coding import approached, coded_weight, float_layers, rounded
from edgeslim.steps.quantization.grids import alive, uniform
from edgeslim.steps.quantization.rounding import compensated, nearest

ROUNDINGS = ("nearest", "compensated", "trained")
TUNED_VALUES = 64
"""Larger codebooks are so fine that fitting their values gains nothing and takes long."""
WEIGHTS_PER_VALUE = 4
"""A codebook has at most one value per this many weights: in small layers it would outweigh the codes."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class WeightClustering(OnnxStep):
    """Let the weights of a layer share a few values, found by k-means, and store the index of each weight's value.

    Zeros of a pruned layer keep a code of their own, and are stored as a bit mask where that is smaller. The file and
    the download shrink; memory and latency do not.
    """

    name = "weight_clustering"
    group = "clustering"
    source = "Deep Compression, Han et al. 2016, arXiv 1510.00149; compensated: arXiv 2210.17323"
    changes = frozenset({"file", "download", "accuracy"})
    needs = coding.NEEDS

    values: int = param(
        16, search=(4, 128), log=True, low=2, high=256, unit="values", help="Number of values in a codebook."
    )
    channels_per_codebook: int = param(
        0,
        low=0,
        high=4096,
        unit="channels",
        help="Number of output channels that share a codebook; 0: the whole layer.",
    )
    channel_scales: bool = param(True, help="Scale each channel before clustering, and store the scale.")
    rounding: str = param(
        "compensated",
        choices=ROUNDINGS,
        help="nearest: to the nearest value; compensated: other weights of the channel compensate each error; trained: "
        "compensated, then all codebooks and scales are trained on the original's outputs.",
    )
    tuning: int = param(
        1,
        low=0,
        high=8,
        unit="rounds",
        help="Rounds of fitting the codebook's values to the layer's outputs.",
    )
    statistics: bool = fields.statistics()
    first_last_bits: int = fields.special_bits(
        "the first and last layers, with uniform steps", "codebooks as in all other layers"
    )
    depthwise_bits: int = fields.special_bits(
        "depthwise convolutions, with uniform steps", "codebooks as in all other layers"
    )
    storage: str = param(
        "packed",
        search=("packed", "bytes"),
        choices=("packed", "bytes"),
        help="packed: several codes per byte, the smaller file; bytes: one code per byte, the smaller download.",
    )
    vectors: str = fields.vectors("codebooks, scales and biases")
    images: int = fields.images()
    steps: int = param(200, low=1, high=10_000, unit="steps", help="Training steps (rounding trained).")
    learning_rate: float = fields.learning_rate(
        1e-3,
        "Peak, as relative change of the values per update (rounding trained); it decays along a cosine.",
        always=False,
    )
    batch: int = fields.batch()
    label_weight: float = fields.label_weight()

    @property
    def looks(self) -> bool:
        """Whether calibration images are needed."""
        return self.statistics or self.rounding != "nearest" or self.tuning > 0

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives each layer's bits, entropy and number of values, and which are stored sparse.

        Raises RecipeError (codes 'no_float_weights', 'no_calibration_images'), DatasetError.
        """
        layers = float_layers(model, self.name)
        images = coding.images_for(self, context)
        special_layers = outer(model, layers)

        def code(layer: WeightLayer, rows: FloatArray, visit: Visit | None) -> CodedWeight:
            special = self.first_last_bits if layer.name in special_layers else 0
            special = special or (self.depthwise_bits if layer.depthwise else 0)
            return self._coded(layer, rows, visit, special, context.seed)

        packing = Packing(
            statistics=self.statistics,
            scaling=self.channel_scales,
            vectors=self.vectors,
            storage=self.storage,
            learning=coding.learning(self),
        )
        result, coded = packed(model, layers, code, images, packing, context, self.name)
        for line in context.info["layers"]:
            book = coded.weights[line["name"]].codebook
            line["values"] = None if book is None else book.shape[1]
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
        sparse = zeros is not None and bool(zeros.mean() * bits_for(self.values) > 1)
        count = min(self.values, max(2, layer.size // WEIGHTS_PER_VALUE)) + (1 if sparse else 0)
        codebook = make_codebook(
            weight, self._blocks(len(rows)), count, self._scales(weight), leading_zero=zeros is not None
        )
        codebook, codes = self._chosen(weight, codebook, gram, zeros)
        return CodedWeight(
            layer.layout,
            codes.astype(np.uint8),
            count,
            codebook.scale[:, None] if self.channel_scales else None,
            codebook=codebook.book,
            sparse=sparse,
        )

    def _chosen(
        self, weight: Doubles, codebook: Codebook, gram: Gram | None, zeros: BoolArray | None
    ) -> tuple[Codebook, Doubles]:
        """The codebook with its values and the codes fitted to each other in turn."""
        if gram is None:
            return codebook, nearest(weight, codebook, zeros)
        rounds = self.tuning if codebook.book.shape[1] <= TUNED_VALUES else 0
        for step in range(rounds + 1):
            if self.rounding != "nearest":
                codes = compensated(weight, codebook, gram, zeros)
            else:
                codes = nearest(weight, codebook, zeros)
            if step < rounds:
                codebook = tuned(codebook, codes, weight, gram)
        return codebook, codes

    def _scales(self, weight: Doubles) -> Doubles:
        """Root mean square of the nonzero weights of each row."""
        if not self.channel_scales:
            return np.ones(len(weight))
        power = np.square(weight).sum(axis=1) / np.maximum((weight != 0).sum(axis=1), 1)
        return alive(np.sqrt(power))

    def _blocks(self, rows: int) -> int:
        """Number of codebooks of a layer: the fewest equal blocks of at most `channels_per_codebook` rows."""
        if not self.channels_per_codebook:
            return 1
        return next(
            count
            for count in range(1, rows + 1)
            if rows % count == 0 and rows // count <= self.channels_per_codebook
        )
