"""What can be wrong with a model: nodes, attributes, types, names, weights, versions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

NUMBERS = (
    -(1 << 63), -(1 << 31), -5, -1, 0, 1, 2, 7, 255, 1 << 20, 1 << 31, 1 << 40, 1 << 62, (1 << 63) - 1,
)  # fmt: skip
NAMES = (
    "", "\0", "../../x", "image", "a" * 100_000, "{0}", "%s%n", "名", "'\"", "\n", "💥", "/etc/passwd",
    "ai.onnx",
)  # fmt: skip
OPERATORS = sorted({schema.name for schema in onnx.defs.get_all_schemas()})
Change = Callable[[onnx.ModelProto, Random], None]
CHANGES: list[Change] = []


def change(function: Change) -> Change:
    CHANGES.append(function)
    return function


def _node(model: onnx.ModelProto, random: Random) -> onnx.NodeProto:
    if not model.graph.node:
        model.graph.node.add(op_type="Relu", input=["image"], output=["z"])
    return random.choice(model.graph.node)


def _tensor(model: onnx.ModelProto, random: Random) -> onnx.TensorProto:
    if not model.graph.initializer:
        model.graph.initializer.add(name="z", data_type=TensorProto.FLOAT)
    return random.choice(model.graph.initializer)


@change
def attributes_change(model: onnx.ModelProto, random: Random) -> None:
    node = _node(model, random)
    values = [*NUMBERS, 1e308, float("nan"), "text", [], [1, -1], [1 << 40] * 3, [0.5] * 3, ["a", ""]]
    name = random.choice(
        [*(each.name for each in node.attribute), "kernel_shape", "axis", "group", "pads", "auto_pad"]
    )
    for each in [each for each in node.attribute if each.name == name and random.random() < 0.8]:
        node.attribute.remove(each)
    value = random.choice(values)
    if value != []:
        node.attribute.append(helper.make_attribute(name, value))
    else:
        node.attribute.add(name=name, type=AttributeProto.INTS)


@change
def attribute_type_lies(model: onnx.ModelProto, random: Random) -> None:
    node = _node(model, random)
    if not node.attribute:
        node.attribute.add(name="axis", i=1)
    random.choice(node.attribute).type = random.randrange(15)  # type: ignore[assignment]


@change
def input_dims_change(model: onnx.ModelProto, random: Random) -> None:
    if not model.graph.input:
        return
    shape = model.graph.input[0].type.tensor_type.shape
    for dim in random.sample(list(shape.dim), min(len(shape.dim), random.randrange(1, 4))):
        if random.random() < 0.7:
            dim.dim_value = random.choice(NUMBERS)
        else:
            dim.dim_param = random.choice(NAMES)
    if random.random() < 0.2:
        shape.dim.add(dim_value=random.choice(NUMBERS))
    if random.random() < 0.1:
        shape.Clear()


@change
def types_change(model: onnx.ModelProto, random: Random) -> None:
    kind = random.randrange(40)
    if random.random() < 0.5 and model.graph.input:
        value = random.choice([*model.graph.input, *model.graph.output])
        if random.random() < 0.3:
            value.type.sequence_type.elem_type.tensor_type.elem_type = kind
        elif random.random() < 0.2:
            value.type.optional_type.elem_type.tensor_type.elem_type = kind
        else:
            value.type.tensor_type.elem_type = kind
    else:
        _tensor(model, random).data_type = kind


@change
def graph_is_a_cycle(model: onnx.ModelProto, random: Random) -> None:
    node, other = _node(model, random), _node(model, random)
    if node.input and other.output:
        node.input[random.randrange(len(node.input))] = random.choice(list(other.output))


@change
def inputs_are_missing(model: onnx.ModelProto, random: Random) -> None:
    node = _node(model, random)
    for _ in range(random.randrange(1, 3)):
        if node.input and random.random() < 0.5:
            del node.input[random.randrange(len(node.input))]
        elif node.input:
            node.input[random.randrange(len(node.input))] = random.choice(NAMES)
        else:
            node.input.append(random.choice(NAMES))


@change
def parts_are_missing(model: onnx.ModelProto, random: Random) -> None:
    graph = model.graph
    parts = [
        graph.node,
        graph.initializer,
        graph.input,
        graph.output,
        model.opset_import,
        _node(model, random).output,
    ]
    part = random.choice(parts)
    if len(part):
        del part[random.randrange(len(part))]


@change
def parts_are_doubled(model: onnx.ModelProto, random: Random) -> None:
    graph = model.graph
    part = random.choice([graph.node, graph.initializer, graph.input, graph.output, model.opset_import])
    for _ in range(random.choice((1, 1, 2, 50))):
        if len(part):
            part.add().CopyFrom(random.choice(part))


@change
def names_are_strange(model: onnx.ModelProto, random: Random) -> None:
    """Somewhere, or everywhere."""
    graph, name = model.graph, random.choice(NAMES)
    where = random.randrange(6)
    if where == 0:
        _node(model, random).name = name
    elif where == 1:
        _node(model, random).op_type = name
    elif where == 2 and graph.output:
        graph.output[0].name = name
    elif where == 3:
        _tensor(model, random).name = name
    elif where == 4:
        graph.name, model.producer_name, model.domain, model.doc_string = (
            random.choice(NAMES) for _ in range(4)
        )
    elif graph.input:
        old = graph.input[0].name
        graph.input[0].name = name
        for node in graph.node:
            node.input[:] = [name if each == old else each for each in node.input]


@change
def weights_claim_what_they_do_not_hold(model: onnx.ModelProto, random: Random) -> None:
    tensor = _tensor(model, random)
    if random.random() < 0.7:
        tensor.dims[:] = [random.choice(NUMBERS) for _ in range(random.randrange(5))]
    if random.random() < 0.5:
        tensor.raw_data = tensor.raw_data[: random.randrange(len(tensor.raw_data) + 1)]
    if random.random() < 0.3:
        tensor.float_data.extend([1.0] * random.randrange(20))
    if random.random() < 0.3:
        tensor.string_data.append(b"\xff\xfe")


@change
def weights_lie_elsewhere(model: onnx.ModelProto, random: Random) -> None:
    tensor = _tensor(model, random)
    if random.random() < 0.8:
        tensor.data_location = TensorProto.EXTERNAL
    for key in random.sample(("location", "offset", "length", "checksum", "basepath"), random.randrange(4)):
        values = [
            "/etc/passwd", "../../secret", "/dev/zero", "unknown.onnx", "-1", str(1 << 62), "", "x" * 5000,
        ]  # fmt: skip
        tensor.external_data.add(key=key, value=random.choice(values))
    if random.random() < 0.5:
        tensor.ClearField("raw_data")


@change
def weights_are_not_finite(model: onnx.ModelProto, random: Random) -> None:
    tensor = _tensor(model, random)
    values = np.full((2, 3), random.choice((np.nan, np.inf, 3e38, -3e38, 1e-45)), np.float32)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


@change
def weights_are_sparse(model: onnx.ModelProto, random: Random) -> None:
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(
        numpy_helper.from_array(np.ones(3, np.float32), random.choice(("stem", "w", "new", "")))
    )
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([random.choice(NUMBERS) for _ in range(3)])))
    sparse.dims.extend(random.choice(NUMBERS) for _ in range(random.randrange(4)))


@change
def another_operator(model: onnx.ModelProto, random: Random) -> None:
    _node(model, random).op_type = random.choice(OPERATORS)


@change
def unknown_domain(model: onnx.ModelProto, random: Random) -> None:
    node = _node(model, random)
    node.domain = random.choice(
        ("com.microsoft", "ai.onnx.ml", "ai.onnx.training", "com.evil", "ai.onnx", "\0")
    )
    if random.random() < 0.5:
        node.op_type = random.choice(
            ("Gelu", "FusedConv", "TreeEnsembleRegressor", "Inverse", "Adam", "MurmurHash3")
        )
    if random.random() < 0.7:
        model.opset_import.add(domain=node.domain, version=random.choice((0, 1, 3, 999)))


@change
def opset_and_version(model: onnx.ModelProto, random: Random) -> None:
    if random.random() < 0.7 and model.opset_import:
        model.opset_import[0].version = random.choice(
            (-1, 0, 1, 5, 6, 7, 9, 11, 13, 15, 16, 18, 21, 23, 25, 99, 1 << 40)
        )
    if random.random() < 0.4:
        model.ir_version = random.choice((-1, 0, 1, 2, 3, 4, 7, 10, 13, 99, 1 << 40))
    if random.random() < 0.3:
        model.opset_import.add(domain=random.choice(("", "ai.onnx")), version=random.choice((1, 17, 22)))
