"""ONNX's own low-bit tensors: INT8, INT4 (opset 21) and INT2 (opset 25) with DequantizeLinear."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import TensorProto, version_converter

from edgeslim.export.packed.coded import CodedWeight
from edgeslim.export.packed.decode_graph import Builder, floats_of
from edgeslim.export.packed.packing import pack_field
from edgeslim.models.graph import opset_version

_TYPES = {8: TensorProto.INT8, 4: TensorProto.INT4, 2: TensorProto.INT2}
_OPSETS = {8: 13, 4: 21, 2: 25}
_IR_VERSIONS = {8: 8, 4: 10, 2: 13}


def fits(weight: CodedWeight) -> bool:
    """Whether a native type can hold these codes: signed integers of 2, 4 or 8 bits with a scale and a central zero."""
    return (
        weight.codebook is None
        and not weight.sparse
        and weight.bits in _TYPES
        and bool(np.all(weight.zero == 1 << (weight.bits - 1)))
    )


def with_opset(model: onnx.ModelProto, weights: Iterable[CodedWeight]) -> onnx.ModelProto:
    """The model, with its opset raised to what the native types of these weights need."""
    widths = [weight.bits for weight in weights if fits(weight)]
    wanted = max((_OPSETS[bits] for bits in widths), default=0)
    if opset_version(model) < wanted:
        model = version_converter.convert_version(model, wanted)
    model.ir_version = max(model.ir_version, *(_IR_VERSIONS[bits] for bits in (8, *widths)))
    return model


def dequantized(build: Builder, name: str, weight: CodedWeight) -> None:
    """Store the codes in a native type, and add the nodes that decode them to the weight."""
    assert weight.scale is not None
    rows = weight.layout.rows * weight.groups
    shape = (rows, weight.codes.size // rows)
    signed = (weight.codes.reshape(-1) ^ np.uint8(1 << (weight.bits - 1))) & np.uint8((1 << weight.bits) - 1)
    filled = np.pad(signed, (0, -signed.size % (8 // weight.bits)))
    proto = onnx.TensorProto(
        dims=shape, data_type=_TYPES[weight.bits], raw_data=pack_field(filled, weight.bits).tobytes()
    )
    scales = np.broadcast_to(weight.scale, (weight.layout.rows, weight.groups)).reshape(-1)
    scale = floats_of(build, scales)
    value = build.node("DequantizeLinear", build.tensor(proto), scale, axis=0)
    build.arrange(name, weight.layout, value)
