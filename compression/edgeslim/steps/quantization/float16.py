"""Weights in 16-bit floating point."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgeslim.errors import RecipeError
from edgeslim.steps.base import STEPS, OnnxStep, StepContext
from edgeslim.steps.quantization.regions import LAYERS

SMALLEST = 64
"""Tensors with fewer elements stay float32: the conversion node would take more bytes than it saves."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class Float16(OnnxStep):
    """Store the weights in half the bits; compute in float32 as before.

    Weights are converted once, when the file is loaded: speed is unchanged, and inputs, outputs and decoding keep full
    precision. Weights that would overflow stay float32.
    """

    name = "float16"
    group = "quantization"
    source = "IEEE 754-2008 binary16"
    changes = frozenset({"file", "download", "accuracy"})

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives the number of converted tensors and of those left in float32."""
        result = deepcopy(model)
        graph = result.graph
        used = {name for node in graph.node if node.op_type in LAYERS for name in node.input[1:]}
        weights = [
            item
            for item in graph.initializer
            if item.name in used and item.data_type == onnx.TensorProto.FLOAT
        ]
        converted = [half for item in weights if (half := _half(item)) is not None]
        if not converted:
            raise RecipeError("nothing_in_float16", step=self.name)
        names = {item.name for item in converted}
        kept = [item for item in graph.initializer if item.name not in names]
        nodes = [
            helper.make_node(
                "Cast", [f"{name}.half"], [name], name=f"{name}.float", to=onnx.TensorProto.FLOAT
            )
            for name in names
        ]
        nodes.sort(key=lambda node: node.name)
        nodes.extend(graph.node)
        for item in converted:
            item.name = f"{item.name}.half"
        del graph.node[:], graph.initializer[:]
        graph.node.extend(nodes)
        graph.initializer.extend([*kept, *converted])
        context.info.update(converted=len(converted), left=len(weights) - len(converted))
        return result


def _half(tensor: onnx.TensorProto) -> onnx.TensorProto | None:
    """The tensor in float16; None if that saves nothing or overflows."""
    array = numpy_helper.to_array(tensor)
    if array.size < SMALLEST or np.abs(array).max() > np.finfo(np.float16).max:
        return None
    return numpy_helper.from_array(array.astype(np.float16), tensor.name)
