"""A file as a graph of layers: nothing is counted twice, and files of one recipe are matched although names are lost."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from published_networks import model, network, trial

from edgeslim.analysis.network import Network
from edgeslim.analysis.network_changes import changes, counted
from edgeslim.analysis.network_matching import matched, with_names_of
from edgeslim.analysis.network_names import called
from edgeslim.analysis.network_reading import network_of
from edgeslim.analysis.network_union import with_removed
from edgeslim.metrics.counts import counts_of
from edgeslim.metrics.size import stored_bytes

KINDS = [
    (),
    ("float16",),
    ("static_int8",),
    ("mixed_low_bit_weights",),
    ("mixed_low_bit_weights", "robust_int8"),
    ("channel_pruning", "fine_tuning", "low_bit_weights"),
    ("low_rank", "fine_tuning", "mixed_low_bit_weights", "robust_int8"),
]


@pytest.mark.parametrize("steps", KINDS, ids="+".join)
def test_what_nodes_hold_adds_up_to_the_files_figures(steps: tuple[str, ...]) -> None:
    found, counts = network(*steps), counts_of(model(*steps))
    assert (found.params, found.macs) == (counts.params, counts.macs)
    assert (found.params, found.macs) == (trial(*steps).params, trial(*steps).macs)
    assert found.stored == stored_bytes(model(*steps))
    assert all(node.bytes >= 0 for node in found.nodes)
    assert found.rest < 0.01 * found.stored
    sizes = trial(*steps).sizes
    assert sizes is not None and found.file == sizes.file


def test_quantized_and_packed_files_show_the_same_nodes_as_the_original() -> None:
    original = network()
    assert len(original.nodes) == 38 < len(model().graph.node)
    for steps in KINDS[1:6]:
        assert [node.op for node in network(*steps).nodes] == [node.op for node in original.nodes]
        assert [node.inputs for node in network(*steps).nodes] == [node.inputs for node in original.nodes]


def test_types_of_storage_and_arithmetic_are_told() -> None:
    static = network("static_int8")
    kinds = [(static.nodes[k].stored, static.nodes[k].bits, static.nodes[k].computes) for k in static.layers]
    left = trial("static_int8").stages[-1].info["float_layers"]
    assert kinds.count(("int8", 8.0, "int8")) == 29 - left
    assert kinds.count(("float32", 32.0, "float32")) == left
    packed = network("channel_pruning", "fine_tuning", "low_bit_weights")
    assert {packed.nodes[k].computes for k in packed.layers} == {"float32"}
    line = trial("channel_pruning", "fine_tuning", "low_bit_weights").stages[-1].info["layers"][1]
    bits = packed.nodes[packed.layers[1]].bits
    assert bits == pytest.approx(1.6 if line["bits"] == 2 else line["bits"], abs=0.1)
    half = network("float16")
    assert {half.nodes[k].bits for k in half.layers} == {16.0}


@pytest.mark.parametrize(
    ("operators", "told"),
    [
        ([("Sigmoid", "x"), ("Mul", "x", 0)], ("Sigmoid", "Mul")),
        (
            [("Add", "x", "three"), ("Clip", 0, "low", "high"), ("Mul", "x", 1), ("Div", 2, "six")],
            ("Add", "Clip", "Mul", "Div"),
        ),
        ([("Relu", "x")], ("Relu",)),
    ],
    ids=["SiLU", "HardSwish", "ReLU"],
)  # fmt: skip
def test_an_activation_function_of_several_operators_belongs_to_its_layer(
    operators: list[tuple[object, ...]], told: tuple[str, ...]
) -> None:
    nodes = [helper.make_node("Conv", ["image", "w"], ["x"], name="conv")]
    for number, (op, *inputs) in enumerate(operators):
        names = [f"t{each}" if isinstance(each, int) else str(each) for each in inputs]
        nodes.append(helper.make_node(str(op), names, [f"t{number}"]))
    last = f"t{len(operators) - 1}"
    nodes.append(helper.make_node("Conv", [last, "v"], ["out"], name="second"))
    found = network_of(_model(nodes))
    assert [(node.op, node.fused) for node in found.nodes] == [("Conv", told), ("Conv", ())]


def test_conversions_inside_an_activation_function_are_folded_with_it() -> None:
    """Conv, x · σ(x) as static quantization writes it: every tensor between is quantized and dequantized."""

    def pair(name: str) -> list[onnx.NodeProto]:
        return [
            helper.make_node("QuantizeLinear", [name, "six", "zero"], [f"{name}.q"]),
            helper.make_node("DequantizeLinear", [f"{name}.q", "six", "zero"], [f"{name}.f"]),
        ]

    nodes = [
        *pair("image"),
        helper.make_node("DequantizeLinear", ["codes", "six", "zero8"], ["weight"]),
        helper.make_node("Conv", ["image.f", "weight"], ["x"]),
        *pair("x"),
        helper.make_node("Sigmoid", ["x.f"], ["s"]),
        *pair("s"),
        helper.make_node("Mul", ["x.f", "s.f"], ["y"]),
        helper.make_node("QuantizeLinear", ["y", "six", "zero"], ["y.q"]),
        helper.make_node("DequantizeLinear", ["y.q", "six", "zero"], ["out"]),
    ]
    (node,) = network_of(_model(nodes)).nodes
    assert (node.op, node.fused, node.computes) == ("Conv", ("Sigmoid", "Mul"), "int8")
    assert (node.stored, node.bits, node.inputs) == ("int8", 8.0, (-1,))


def test_what_another_branch_reads_is_not_folded() -> None:
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["x"]),
        helper.make_node("Relu", ["x"], ["t0"]),
        helper.make_node("MaxPool", ["x"], ["pooled"], kernel_shape=[1, 1]),
        helper.make_node("Add", ["t0", "pooled"], ["out"]),
    ]
    assert [node.op for node in network_of(_model(nodes)).nodes] == ["Conv", "Relu", "MaxPool", "Add"]


def _model(nodes: list[onnx.NodeProto]) -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    stored = {
        "w": rng.normal(size=(4, 3, 1, 1)).astype(np.float32),
        "v": rng.normal(size=(2, 4, 1, 1)).astype(np.float32),
        "codes": rng.integers(-9, 9, (4, 3, 1, 1)).astype(np.int8),
        "zero": np.array(0, np.uint8),
        "zero8": np.array(0, np.int8),
        **{
            name: np.array(value, np.float32)
            for name, value in (("three", 3), ("low", 0), ("high", 6), ("six", 6))
        },
    }
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def nameless(found: Network) -> Network:
    """As a file that has lost all names."""
    return called(
        replace(found, nodes=tuple(replace(node, weight_name="") for node in found.nodes)),
        [""] * len(found.nodes),
    )


@pytest.mark.parametrize("strip", [lambda found: found, nameless], ids=["named", "nameless"])
def test_layers_that_were_split_are_found_with_and_without_names(strip: Callable[[Network], Network]) -> None:
    steps = ("low_rank", "fine_tuning", "mixed_low_bit_weights", "robust_int8")
    original, after = network(), strip(network(*steps))
    pairs = matched(original, after)
    split = {original.nodes[pair.before[0]].name: len(pair.after) for pair in pairs if len(pair.after) > 1}
    assert split == {line["name"]: 3 for line in trial(*steps).stages[0].info["layers"]}
    assert len(pairs) == len(original.layers)
    named = with_names_of(after, original)
    assert [node.name for node in named.nodes] == [node.name for node in network(*steps).nodes]


def test_changes_tell_what_happened_and_why_as_recorded() -> None:
    steps = ("channel_pruning", "fine_tuning", "low_bit_weights")
    found = {change.name: change for change in changes(network(), network(*steps), trial(*steps).stages)}
    recorded = {line["name"].removesuffix(".weight"): line for line in trial(*steps).stages[0].info["layers"]}
    for name, change in found.items():
        assert change.channels is not None
        before, after = change.channels[0][1], change.channels[1][1]
        assert (before, after) == (recorded[name]["before"], recorded[name]["after"])
        codes = {reason.code: reason.values for reason in change.why}
        if after < before:
            assert (codes["channels"]["before"], codes["channels"]["after"]) == (before, after)
        assert "fewer_bits" in change.kinds
        assert codes.keys() & {"bits", "bits_first_last"}
    assert "bits_first_last" in {reason.code for reason in found["stem.0"].why}


def test_why_a_layer_stays_float_is_told_by_rule_and_search() -> None:
    steps = ("mixed_low_bit_weights", "robust_int8")
    found = changes(network(), network(*steps), trial(*steps).stages)
    info = trial(*steps).stages[-1].info
    left = [change for change in found if "left_float" in change.kinds]
    assert len(left) == info["float_layers"]
    codes = [next(iter({r.code for r in change.why} & {"int8_outputs", "int8_search"})) for change in left]
    assert codes.count("int8_outputs") == 4 == len(model().graph.output)
    assert counted(found)["int8"] == info["layers"] - info["float_layers"]


def test_without_a_record_no_reason_is_given() -> None:
    found = changes(network(), network("static_int8"), ())
    assert all(change.why == () for change in found)
    assert {change.kinds for change in changes(network(), network(), ())} == {("same",)}


def test_removed_and_added_layers_are_told_and_drawn_where_they_were() -> None:
    whole = network()
    gone = whole.place("stage16.2.expand.0")
    assert gone is not None
    home = {place: place - (place > gone) for place in range(len(whole.nodes)) if place != gone}
    shorter = replace(
        whole,
        nodes=tuple(
            replace(node, inputs=tuple(home.get(k, k) if k != gone else home[gone - 1] for k in node.inputs))
            for place, node in enumerate(whole.nodes)
            if place != gone
        ),
        outputs=tuple(home[place] for place in whole.outputs),
    )
    lost = changes(whole, shorter, ())
    assert [change.name for change in lost if change.kinds == ("removed",)] == ["stage16.2.expand.0"]
    assert counted(changes(shorter, whole, ()))["added"] == 1
    union, names = with_removed(whole, shorter, lost)
    assert names == {"stage16.2.expand.0"} and len(union.nodes) == len(whole.nodes)
    place = union.place("stage16.2.expand.0")
    assert place is not None
    assert [union.nodes[k].name for k in union.nodes[place].inputs] == ["stage16.2.reduce.0"]
    assert all(k < at for at, node in enumerate(union.nodes) for k in node.inputs)
