"""What a .tflite file takes on a microcontroller, counted on a file made of its schema."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.export.tflite.micro import OPERATORS, examine

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")
TENSORS = (("image", 1000), ("weight", 64), ("a", 3000), ("b", 2000), ("c", 2000))
STEPS = (("CONV_2D", (0, 1), 2), ("RFFT2D", (2,), 3), ("ADD", (2, 3), 4))
"""Operator, its inputs and its output, by place in TENSORS."""


def network() -> bytes:
    model: Any = schema.ModelT()
    model.version, model.buffers, model.operatorCodes = 3, [], []
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    for name, size in TENSORS:
        tensor, buffer = schema.TensorT(), schema.BufferT()
        tensor.name, tensor.shape, tensor.type = name, np.array([1, size], np.int32), schema.TensorType.INT8
        tensor.buffer = len(model.buffers)
        buffer.data = np.ones(size, np.uint8) if name == "weight" else None
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
    for kind, inputs, output in STEPS:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        model.operatorCodes.append(code)
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        graph.operators.append(operator)
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([4], np.int32)
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_operators_that_micro_lacks_are_named_and_the_arena_is_what_lives_together() -> None:
    content = network()
    found = examine(content)
    assert found.operators == {"CONV_2D": 1, "RFFT2D": 1, "ADD": 1}
    assert found.missing == ("RFFT2D",)
    assert found.flash == len(content)
    # At the addition a, b and c are alive, each rounded up to 16 bytes; the weight lies in flash.
    assert found.arena == 3008 + 2000 + 2000


def test_every_operator_that_micro_is_said_to_have_is_one() -> None:
    assert set(vars(schema.BuiltinOperator)) >= OPERATORS
