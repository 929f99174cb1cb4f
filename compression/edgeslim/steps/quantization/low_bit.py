"""Low-bit weights: 1 to 8 bits, ternary, binary, fixed point, in packed storage. Activations stay float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from edgeslim.detections import Doubles, FloatArray
from edgeslim.export.packed import STORAGES, CodedWeight
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, OnnxStep, StepContext
from edgeslim.steps.onnx_layers.compress import Packing, packed
from edgeslim.steps.onnx_layers.layers import WeightLayer, outer, pruned_zeros
from edgeslim.steps.onnx_layers.walk import Visit
from edgeslim.steps.quantization import coding, grids
from edgeslim.steps.quantization.coding import approached, coded_weight, float_layers, rounded
from edgeslim.steps.quantization.grids import Grid

SCHEMES = ("uniform", "ternary", "binary", "fixed_point")


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class LowBitWeights(OnnxStep):
    """Store weights in 1 to 8 bits, unpacked when the model is loaded; corrected layer by layer, without labels.

    The file and the download shrink; memory and latency do not, because the network computes in float.
    """

    name = "low_bit_weights"
    group = "quantization"
    source = (
        "compensated: GPTQ, arXiv 2210.17323; adaround: arXiv 2004.10568; binary: XNOR-Net, arXiv 1603.05279; "
        "ternary: arXiv 1605.04711; statistics: bias and scale correction after arXiv 1906.04721"
    )
    changes = frozenset({"file", "download", "accuracy"})
    needs = coding.NEEDS
    makes = frozenset({"levels"})

    bits: int = param(
        4,
        search=(2, 8),
        low=1,
        high=8,
        unit="bits",
        help="Bits per weight (schemes uniform and fixed_point).",
        when=("scheme", "uniform", "fixed_point"),
    )
    scheme: str = param(
        "uniform",
        choices=SCHEMES,
        help="uniform: equal steps; ternary: -s, 0, s; binary: -s, s; fixed_point: steps are powers of two.",
    )
    granularity: str = param(
        "channel", choices=("layer", "channel", "group"), help="Group of weights that shares one scale."
    )
    group_size: int = param(
        32,
        low=8,
        high=1024,
        unit="weights",
        help="Number of weights that share a scale (granularity group).",
        when=("granularity", "group"),
    )
    symmetric: bool = param(
        True, help="Levels lie symmetrically around zero; otherwise each scale has a zero point as well."
    )
    clipping: str = param(
        "mse",
        choices=("max", "mse"),
        help="max: scales cover the largest weight; mse: scales minimize the squared error.",
    )
    rounding: str = coding.rounding()
    statistics: bool = fields.statistics()
    first_last_bits: int = fields.special_bits("the first and last layers", "as all other layers")
    depthwise_bits: int = fields.special_bits("depthwise convolutions", "as all other layers")
    storage: str = param(
        "packed",
        search=("packed", "bytes"),
        choices=STORAGES,
        help="packed: several codes per byte; bytes: one code per byte; native: ONNX INT2, INT4 or INT8 (slower to run).",
    )
    vectors: str = fields.vectors()
    images: int = fields.images()
    steps: int = coding.steps()
    learning_rate: float = coding.learning_rate()
    batch: int = fields.batch()
    label_weight: float = fields.label_weight()

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives each layer's width, the share of sparse layers and the number of matched layers.

        Raises RecipeError (codes 'no_float_weights', 'no_calibration_images' and, where it is trained, those of
        `distil`), DatasetError.
        """
        layers = float_layers(model, self.name)
        images = coding.images_for(self, context)
        exceptions = self._exceptions(model, layers)

        def code(layer: WeightLayer, rows: FloatArray, visit: Visit | None) -> CodedWeight:
            return self._coded(layer, rows, visit, exceptions[layer.name], context.seed)

        packing = Packing(
            statistics=self.statistics,
            scaling=self.scheme != "fixed_point",
            vectors=self.vectors,
            storage=self.storage,
            learning=coding.learning(self),
        )
        result, coded = packed(model, layers, code, images, packing, context, self.name)
        if self.scheme == "fixed_point":
            for line in context.info["layers"]:
                line["format"] = fixed_point_format(coded.weights[line["name"]])
        return result

    @property
    def looks(self) -> bool:
        """Whether calibration images are needed."""
        return self.statistics or self.rounding != "nearest"

    def _exceptions(self, model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> dict[str, int]:
        """Bit widths of the layers with a width of their own, 0 for all others; by layer name."""
        special = outer(model, layers)
        return {
            layer.name: (self.first_last_bits if layer.name in special else 0)
            or (self.depthwise_bits if layer.depthwise else 0)
            for layer in layers
        }

    def _coded(
        self, layer: WeightLayer, rows: FloatArray, visit: Visit | None, special: int, seed: int
    ) -> CodedWeight:
        zeros = pruned_zeros(rows)
        matched = self.statistics and layer.adjustable
        weight, gram = approached(rows, visit, rounding=self.rounding, centred=matched, seed=seed)
        columns = self._columns(rows.shape[1])
        grid = self._grid(weight.reshape(-1, columns), special, zeros is not None)
        codes = rounded(weight, grid, gram, zeros, self.rounding, self.steps)
        return coded_weight(layer, codes, grid, rows.shape[1] // columns)

    def _columns(self, size: int) -> int:
        """Number of weights that share a scale: a whole row, or its largest divisor up to the group size."""
        if self.granularity != "group" or self.scheme == "binary":
            return size
        return next(count for count in range(min(self.group_size, size), 0, -1) if size % count == 0)

    def _grid(self, rows: Doubles, special: int, pruned: bool) -> Grid:
        """The grid of rows, or of groups of weights as rows."""
        whole = rows.reshape(1, -1) if self.granularity == "layer" else rows
        scheme = "uniform" if special and self.scheme != "fixed_point" else self.scheme
        bits = special or self.bits
        if scheme == "ternary":
            grid = grids.ternary(whole)
        elif scheme == "binary":
            grid = grids.binary(whole)
        elif not self.symmetric and bits > 1:
            grid = grids.asymmetric(whole, 1 << bits, self.clipping)
        else:
            halfway = bits == 1 or (bits == 2 and self.storage != "native" and not pruned)
            zero = ((1 << bits) - 1) / 2 if halfway else float(1 << (bits - 1))
            grid = grids.uniform(whole, 1 << bits, zero, self.clipping)
        return grids.to_power_of_two(whole, grid) if scheme == "fixed_point" else grid


def fixed_point_format(weight: CodedWeight) -> str:
    """Qm.n (a sign, m integer and n fractional bits) of the rows with the widest and the finest steps."""
    assert weight.scale is not None
    fractional = sorted({-round(float(np.log2(scale))) for scale in weight.scale.reshape(-1)})
    ends = dict.fromkeys((fractional[0], fractional[-1]))
    return " … ".join(f"Q{weight.bits - 1 - n}.{n}" for n in ends)
