"""A .tflite file on a microcontroller: whether LiteRT Micro has its operators, the memory it takes, and a C header."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from edgeslim.errors import ModelError

# Those of MicroMutableOpResolver (github.com/tensorflow/tflite-micro, micro_mutable_op_resolver.h).
_OPERATORS = """
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO
CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTH_TO_SPACE DEPTHWISE_CONV_2D DEQUANTIZE DIV ELU EMBEDDING_LOOKUP
EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF
L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG LOG_SOFTMAX LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC
MAX_POOL_2D MAXIMUM MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_MAX RELU
RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND
SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE
TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
OPERATORS = frozenset(_OPERATORS.split())
ALIGNED = 16
"""Bytes to which the arena's planner rounds up."""
_SIZES = {"FLOAT32": 4, "FLOAT16": 2, "INT8": 1, "UINT8": 1, "INT16": 2, "INT32": 4, "INT64": 8, "BOOL": 1}
_LINE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Micro:
    """`flash` and `arena` in bytes; the arena is what activations take at their peak, without scratch buffers and the
    interpreter's own records: a lower bound."""

    operators: Mapping[str, int]
    missing: tuple[str, ...]
    """Operators of the file that LiteRT Micro has not."""
    flash: int
    arena: int


def examine(content: bytes) -> Micro:
    """Raises ModelError (converter_missing) where nothing installed here reads .tflite files."""
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as error:
        raise ModelError("converter_missing", suffix=".tflite", packages="litert-torch") from error
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    types = {code: name for name, code in vars(schema.TensorType).items() if not name.startswith("_")}
    graph = model.subgraphs[0]
    used = Counter(names[model.operatorCodes[each.opcodeIndex].builtinCode] for each in graph.operators)
    sizes = {
        index: -(-prod(map(int, tensor.shape)) * _SIZES.get(types[tensor.type], 4) // ALIGNED) * ALIGNED
        for index, tensor in enumerate(graph.tensors)
        if _is_computed(model.buffers[tensor.buffer])
    }
    return Micro(
        operators=dict(used.most_common()),
        missing=tuple(sorted(set(used) - OPERATORS)),
        flash=len(content),
        arena=_peak(graph, sizes),
    )


def header(content: bytes, name: str, found: Micro) -> str:
    """The file as a C or C++ array in flash, with what it needs."""
    symbol = re.sub(r"\W", "_", name)
    symbol = f"model_{symbol}" if symbol[:1].isdigit() else symbol
    lines = [
        "    " + ", ".join(f"0x{byte:02x}" for byte in content[start : start + _LINE]) + ","
        for start in range(0, len(content), _LINE)
    ]
    return "\n".join(
        [
            f"// {name}.tflite for LiteRT Micro, by EdgeSlim. SHA-256 {hashlib.sha256(content).hexdigest()}",
            f"// Operators: {', '.join(sorted(found.operators))}",
            "// The arena is a lower bound: activations at their peak. Ask interpreter.arena_used_bytes() for all of it.",
            "#pragma once",
            "#include <stdint.h>",
            "",
            f"#define {symbol.upper()}_ARENA_BYTES {found.arena}",
            f"#define {symbol.upper()}_BYTES {len(content)}",
            f"static const uint8_t {symbol}[{len(content)}] __attribute__((aligned({ALIGNED}))) = {{",
            *lines,
            "};",
            "",
        ]
    )


def _is_computed(buffer: Any) -> bool:
    return buffer.data is None or len(buffer.data) == 0


def _peak(graph: Any, sizes: Mapping[int, int]) -> int:
    """Bytes of computed tensors at the operator where most are alive together."""
    last = {int(index): len(graph.operators) for index in graph.outputs}
    first = {int(index): 0 for index in graph.inputs}
    for place, operator in enumerate(graph.operators):
        for index in map(int, operator.inputs):
            last[index] = max(last.get(index, 0), place)
        for index in map(int, operator.outputs):
            first.setdefault(index, place)
    return max(
        (
            sum(
                size
                for index, size in sizes.items()
                if index in first and first[index] <= place <= last.get(index, first[index])
            )
            for place in range(len(graph.operators))
        ),
        default=0,
    )
