"""Changes to a .tflite file after the converter: float inputs and outputs, names, weights in the fewest exact bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.export.integers import common_steps

CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
"""Axis of the output channels in the weight (input 1) of operators with weights."""
SMALLEST = 1024
"""Weights of fewer elements stay float32: a scale for each channel and an operator take bytes too."""
VERSIONS = {"QUANTIZE": 1, "DEQUANTIZE": 5}
"""The first that know int8, float16 and a scale for each channel."""
_ALIGNMENT = 16


def rewritten(content: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The file with these names for its inputs and outputs, in this order; they are float where they were int8.

    Float weights that int8 codes or float16 give exactly are stored so, and decoded when the file is loaded.
    """
    file = _File(content)
    file.name(inputs, outputs)
    file.store_weights()
    return file.packed()


class _File:
    """A file as objects of its schema; new operators of a kind are put before or after all others."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self.model = schema.ModelT.InitFromPackedBuf(content, 0)
        (self.graph,) = self.model.subgraphs
        self._first: list[Any] = []
        self._last: list[Any] = []

    def name(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        (signature,) = self.model.signatureDefs
        for index, tensor in enumerate(self.graph.tensors):
            tensor.name = f"t{index}"
        sides = ((signature.inputs, inputs, self._first), (signature.outputs, outputs, self._last))
        for entries, names, operators in sides:
            entries.sort(key=lambda entry: _ordinal(entry.name))
            for entry, name in zip(entries, names, strict=True):
                entry.name = name
                entry.tensorIndex = self._as_float(entry.tensorIndex, operators)
                self.graph.tensors[entry.tensorIndex].name = name
        self.graph.inputs = [entry.tensorIndex for entry in signature.inputs]
        self.graph.outputs = [entry.tensorIndex for entry in signature.outputs]

    def _as_float(self, index: int, operators: list[Any]) -> int:
        """The tensor, or if it holds int8 codes a float one, of which it is made or that is made of it."""
        tensor = self.graph.tensors[index]
        if tensor.type != self._schema.TensorType.INT8:
            return index
        new = self._tensor(self._schema.TensorType.FLOAT32, tensor.shape)
        if operators is self._first:
            operators.append(self._operator("QUANTIZE", new, index))
        else:
            operators.append(self._operator("DEQUANTIZE", index, new))
        return new

    def store_weights(self) -> None:
        kinds = self._schema.BuiltinOperator
        axes = {getattr(kinds, name): axis for name, axis in CHANNEL_AXIS.items()}
        stored: dict[int, int] = {}
        for operator in list(self.graph.operators):
            axis = axes.get(self.model.operatorCodes[operator.opcodeIndex].builtinCode)
            if axis is None or len(operator.inputs) < 2:
                continue
            index = int(operator.inputs[1])
            if index not in stored:
                stored[index] = self._stored(index, axis)
            operator.inputs = [operator.inputs[0], stored[index], *operator.inputs[2:]]

    def _stored(self, index: int, axis: int) -> int:
        """The weight in fewer bytes, and the tensor that is decoded from it; the weight itself if it stays."""
        types = self._schema.TensorType
        tensor = self.graph.tensors[index]
        buffer = self.model.buffers[tensor.buffer]
        alone = sum(other.buffer == tensor.buffer for other in self.graph.tensors) == 1
        if (
            tensor.type != types.FLOAT32
            or buffer.data is None
            or len(buffer.data) < 4 * SMALLEST
            or not alone
        ):
            return index
        weight = np.frombuffer(bytes(buffer.data), "<f4").reshape(tensor.shape)
        rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
        steps = np.where(rows.any(axis=1), common_steps(rows, 127), 1.0).astype(np.float32)
        halves = weight.astype("<f2")
        if steps.all():
            spread = steps.reshape([-1 if place == axis else 1 for place in range(weight.ndim)])
            codes, kind = np.rint(weight / spread).astype(np.int8), types.INT8
        elif (halves == weight).all():
            codes, kind = halves, types.FLOAT16
        else:
            return index
        new = self._tensor(types.FLOAT32, tensor.shape)
        tensor.type, buffer.data = kind, np.frombuffer(codes.tobytes(), np.uint8)
        if kind == types.INT8:
            tensor.quantization = self._grid(steps, axis)
        self._first.append(self._operator("DEQUANTIZE", index, new))
        return new

    def packed(self) -> bytes:
        import flatbuffers

        self.graph.operators = [*self._first, *self.graph.operators, *self._last]
        for buffer in self.model.buffers:
            buffer.__class__ = _aligned(self._schema)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _tensor(self, kind: int, shape: NDArray[np.int32]) -> int:
        new = self._schema.TensorT()
        new.type, new.shape, new.name = kind, shape, f"t{len(self.graph.tensors)}"
        new.buffer = 0  # the empty one
        self.graph.tensors.append(new)
        return len(self.graph.tensors) - 1

    def _grid(self, steps: NDArray[np.float32], axis: int) -> Any:
        grid = self._schema.QuantizationParametersT()
        grid.scale, grid.zeroPoint, grid.quantizedDimension = steps, np.zeros(len(steps), np.int64), axis
        return grid

    def _operator(self, kind: str, source: int, target: int) -> Any:
        new = self._schema.OperatorT()
        new.opcodeIndex = self._code(getattr(self._schema.BuiltinOperator, kind), VERSIONS[kind])
        new.inputs, new.outputs = [source], [target]
        return new

    def _code(self, kind: int, version: int) -> int:
        """Index of the operator's kind, in this version at least, among those that the file uses."""
        codes = self.model.operatorCodes
        index = next((place for place, code in enumerate(codes) if code.builtinCode == kind), len(codes))
        if index == len(codes):
            codes.append(self._schema.OperatorCodeT())
            codes[index].builtinCode = codes[index].deprecatedBuiltinCode = kind
        codes[index].version = max(codes[index].version, version)
        return index


def _ordinal(name: bytes) -> int:
    """Of names such as args_0 and output_12."""
    return int(name.decode().rpartition("_")[2])


def _aligned(schema: Any) -> type[Any]:
    """The schema's buffer, whose data begin at a multiple of 16 bytes, as kernels expect of a file in memory."""

    class Aligned(schema.BufferT):  # type: ignore[misc]
        def Pack(self, builder: Any) -> Any:
            data = None
            if self.data is not None:
                content = bytes(self.data)
                builder.StartVector(1, len(content), _ALIGNMENT)
                builder.head -= len(content)
                builder.Bytes[builder.head : builder.head + len(content)] = content
                data = builder.EndVector()
            schema.BufferStart(builder)
            if data is not None:
                schema.BufferAddData(builder, data)
            return schema.BufferEnd(builder)

    return Aligned
