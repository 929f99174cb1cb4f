"""What can be wrong with a model: what it makes of little, does without end, or notes beside itself."""

from __future__ import annotations

from random import Random

import numpy as np
import onnx
from model_changes import NAMES, NUMBERS, change
from onnx import TensorProto, helper, numpy_helper


@change
def subgraphs(model: onnx.ModelProto, random: Random) -> None:
    """If, Loop and Scan with bodies that read what is not there, do not end, or lie in each other."""
    operator = random.choice(("If", "Loop", "Scan"))
    depth = random.choice((0, 0, 1, 2, 3) if operator != "If" else (0, 1, 3, 20))
    made = _inner(operator, "sub", random)
    for _ in range(depth):
        made = _inner(operator, "sub", random, inside=made)
    rounds = random.choice((-1, 0, 3, 100, 10_000, 1 << 62)) if depth < 2 else random.choice((-1, 0, 3))
    model.graph.node.append(made)
    model.graph.initializer.append(numpy_helper.from_array(np.array(random.random() < 0.5), "yes"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(rounds), "rounds"))
    model.graph.output.append(helper.make_tensor_value_info("sub", TensorProto.FLOAT, None))


def _inner(
    operator: str, output: str, random: Random, inside: onnx.NodeProto | None = None
) -> onnx.NodeProto:
    """A node with a body: one operation, or another such node."""
    value, boolean = helper.make_tensor_value_info, TensorProto.BOOL
    read = random.choice(("x", "image", "none"))
    operation = helper.make_node(random.choice(("Identity", "Relu", "Neg")), [read], [output])
    body = helper.make_graph([inside or operation], "body", [], [value(output, TensorProto.FLOAT, None)])
    if operator == "If":
        other = helper.make_graph([operation], "body", [], [value(output, TensorProto.FLOAT, None)])
        return helper.make_node("If", ["yes"], [output], then_branch=body, else_branch=other)
    body.input.append(value("x", TensorProto.FLOAT, None))
    if operator == "Scan":
        scanned = random.choice((1, 1, 0, -1, 9))
        return helper.make_node("Scan", ["image"], [output], body=body, num_scan_inputs=scanned)
    body.input.insert(0, value("go", boolean, ()))
    body.input.insert(0, value("i", TensorProto.INT64, ()))
    body.node.append(helper.make_node("Identity", ["go"], ["goes"]))
    body.output.insert(0, value("goes", boolean, ()))
    return helper.make_node("Loop", ["rounds", random.choice(("yes", "")), "image"], [output], body=body)


@change
def functions(model: onnx.ModelProto, random: Random) -> None:
    """Local functions that call each other, themselves, or hide an operator of the standard."""
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    count = random.choice((1, 3, 60))
    for level in range(count):
        to = random.choice((level + 1, level, 0)) if random.random() < 0.3 else level + 1
        call = {"op_type": f"f{to}", "domain": "local"} if to < count else {"op_type": "Relu"}
        nodes = [helper.make_node(inputs=[x], outputs=[y], **call) for x, y in ("xt", "ty")]
        model.functions.append(helper.make_function("local", f"f{level}", ["x"], ["y"], nodes, imports))
    if random.random() < 0.2:
        hidden = helper.make_function(
            "", "Relu", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], imports
        )
        model.functions.append(hidden)
    if random.random() < 0.8:
        model.opset_import.add(domain="local", version=1)
    model.graph.node.append(helper.make_node("f0", ["image"], ["called"], domain="local"))
    model.graph.output.append(helper.make_tensor_value_info("called", TensorProto.FLOAT, None))


@change
def outputs_are_huge(model: onnx.ModelProto, random: Random) -> None:
    """Nodes that make much of little."""
    sizes = [random.choice((0, 1, 7, 1 << 10, 1 << 14, 1 << 20, 1 << 31, -1)) for _ in range(4)]
    many = numpy_helper.from_array(np.array(sizes, np.int64), "sizes")
    scales = numpy_helper.from_array(
        np.array([1, 1, *random.sample((0.0, 1.0, 9.0, 1e4, 1e9, -1.0), 2)], np.float32), "scales"
    )
    one = numpy_helper.from_array(np.array(1, np.int64), "one")
    limit = numpy_helper.from_array(np.array(random.choice((10, 1 << 20, 1 << 40)), np.int64), "limit")
    made = random.choice(
        [
            helper.make_node("ConstantOfShape", ["sizes"], ["huge"]),
            helper.make_node("Tile", ["image", "sizes"], ["huge"]),
            helper.make_node("Expand", ["image", "sizes"], ["huge"]),
            helper.make_node("Resize", ["image", "", "scales"], ["huge"], mode="nearest"),
            helper.make_node("Range", ["one", "limit", "one"], ["huge"]),
            helper.make_node("RandomNormal", [], ["huge"], shape=[abs(size) for size in sizes]),
            helper.make_node("Pad", ["image", "pads"], ["huge"]),
            helper.make_node("OneHot", ["sizes", "limit", "two"], ["huge"]),
        ]
    )  # fmt: skip
    pads = numpy_helper.from_array(np.array([0, 0, *sizes, 0, 0], np.int64), "pads")
    two = numpy_helper.from_array(np.array([0, 1], np.float32), "two")
    model.graph.initializer.extend([many, scales, one, limit, pads, two])
    kind = TensorProto.INT64 if made.op_type == "Range" else TensorProto.FLOAT
    if random.random() < 0.5:  # by a way that no inference of shapes follows
        model.graph.node.extend(
            [
                helper.make_node("ReduceMax", ["image"], ["most"], keepdims=0),
                helper.make_node("Cast", ["most"], ["most_i"], to=TensorProto.INT64),
                helper.make_node("Mul", ["most_i", "sizes"], ["sizes_i"]),
            ]
        )
        made.input[:] = ["sizes_i" if name == "sizes" else name for name in made.input]
    model.graph.node.append(made)
    model.graph.output.append(helper.make_tensor_value_info("huge", kind, None))


@change
def very_many_nodes(model: onnx.ModelProto, random: Random) -> None:
    count = random.choice((300, 3000))
    operator = random.choice(("Relu", "Neg", "Identity", "Sigmoid", "Dropout"))
    for index in range(count):
        source = f"m{index - 1}" if index else "image"
        model.graph.node.append(helper.make_node(operator, [source], [f"m{index}"]))
    model.graph.output.append(helper.make_tensor_value_info(f"m{count - 1}", TensorProto.FLOAT, None))


@change
def notes_are_strange(model: onnx.ModelProto, random: Random) -> None:
    """What tools note beside a network: here read for the names of its classes."""
    for _ in range(random.randrange(1, 4)):
        value = random.choice(
            [
                "{0: 'a', 1: 'b', 2: 'c'}", "{" * 3000, "[" * 50_000, "__import__('os').system('true')",
                "{0: b'\\xff'}", "{'a': 1}", "{0: ['x'], 1: {}, 2: ()}", "{0: 'a', 0: 'a', 2: 'a'}",
                "(" * 900 + ")" * 900, "9**9**9**9", "{-1: 'a'}", "{1e999: 'a'}", "{0: '\ud7ff'}",
                "'" + "x" * 200_000 + "'", "{0: '', 1: ' ', 2: 'c'}", "\0",
            ]
        )  # fmt: skip
        model.metadata_props.add(key=random.choice(("names", "labels", "classes", "stride", "")), value=value)


@change
def extras(model: onnx.ModelProto, random: Random) -> None:
    """Fields that are seldom there."""
    where = random.randrange(4)
    if where == 0:
        info = model.training_info.add()
        info.algorithm.CopyFrom(model.graph)
    elif where == 1:
        note = model.graph.quantization_annotation.add(tensor_name="image")
        note.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value=random.choice(NAMES))
    elif where == 2:
        model.graph.value_info.add(
            name=random.choice(("a", "b", "", "image"))
        ).type.tensor_type.elem_type = random.randrange(30)
        model.graph.value_info.append(
            helper.make_tensor_value_info("a", TensorProto.FLOAT, [random.choice(NUMBERS)] * 4)
        )
    else:
        model.graph.output.append(
            helper.make_tensor_value_info(random.choice(("image", "stem", "none")), 1, None)
        )
