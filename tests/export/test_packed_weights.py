"""Packed storage decodes to exactly the weights it stands for, in standard operators, and is as small as it says."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim.export.packed import CodedWeight, Layout, entropy_bound, store, unpacked
from edgeslim.export.packed.coded import bits_for, entropy, fields, filled, pack, pack_trits
from edgeslim.metrics import size

RANDOM = np.random.default_rng(0)
CONV = (12, 7, 3, 3)
PLAIN = Layout(shape=CONV, rows=12)


def make_model(shape: tuple[int, ...] = CONV) -> onnx.ModelProto:
    """image → Conv → features, with a bias."""
    weight = numpy_helper.from_array(np.zeros(shape, np.float32), "weight")
    bias = numpy_helper.from_array(np.zeros(shape[0], np.float32), "bias")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "weight", "bias"], ["features"])],
        "main",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, shape[1], 8, 8])],
        [
            helper.make_tensor_value_info(
                "features", TensorProto.FLOAT, [1, shape[0], *(9 - k for k in shape[2:])]
            )
        ],
        [weight, bias],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def coded(
    levels: int, *, layout: Layout = PLAIN, groups: int = 1, scale_type: type = np.float16
) -> CodedWeight:
    columns = int(np.prod(layout.shape)) // layout.rows
    codes = RANDOM.integers(0, levels, (layout.rows, columns)).astype(np.uint8)
    scale = RANDOM.uniform(0.01, 2, (layout.rows, groups)).astype(scale_type)
    return CodedWeight(layout, codes, levels, scale, zero=float(levels // 2))


def code_bytes(model: onnx.ModelProto) -> int:
    """Bytes of the Constant nodes that hold codes."""
    return sum(len(node.attribute[0].t.raw_data) for node in model.graph.node if node.op_type == "Constant")


def decoded(model: onnx.ModelProto) -> np.ndarray:
    plain = unpacked(model)
    return next(numpy_helper.to_array(item) for item in plain.graph.initializer if item.name == "weight")


def outputs(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"image": image})[0]


@pytest.mark.parametrize("storage", ["packed", "bytes"])
@pytest.mark.parametrize("levels", [2, 3, 4, 8, 16, 32, 64, 128, 256])
def test_every_width_decodes_to_exactly_the_same_weights(levels: int, storage: str) -> None:
    weight = coded(levels)
    stored = store(make_model(), {"weight": weight}, storage=storage)
    onnx.checker.check_model(stored, full_check=True)
    assert np.array_equal(decoded(stored), weight.values())


@pytest.mark.parametrize("bits", range(1, 9))
def test_packed_codes_take_their_bits_and_nothing_more(bits: int) -> None:
    layout = Layout(shape=(64, 100, 1, 1), rows=64)
    weight = coded(1 << bits, layout=layout)
    stored = store(make_model(layout.shape), {"weight": weight})
    assert weight.packed_bits == bits * 6400
    assert code_bytes(stored) <= bits * 6400 / 8 * 1.01 + 40


def test_threes_take_eight_fifths_of_a_bit() -> None:
    layout = Layout(shape=(50, 100, 1, 1), rows=50)
    weight = coded(3, layout=layout)
    stored = store(make_model(layout.shape), {"weight": weight})
    assert code_bytes(stored) == 1000
    assert weight.packed_bits == 8000


def test_outputs_equal_those_of_the_unpacked_network() -> None:
    weight = coded(32)
    bias = RANDOM.normal(size=12).astype(np.float16)
    stored = store(make_model(), {"weight": weight}, {"bias": bias})
    plain = make_model()
    plain.graph.initializer[0].CopyFrom(numpy_helper.from_array(weight.values(), "weight"))
    plain.graph.initializer[1].CopyFrom(numpy_helper.from_array(bias.astype(np.float32), "bias"))
    image = RANDOM.normal(size=(1, 7, 8, 8)).astype(np.float32)
    assert np.array_equal(outputs(stored, image), outputs(plain, image))


def test_onnxruntime_folds_the_decoding_at_load(tmp_path) -> None:
    """What runs is the plain network."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    for weight in (coded(32), coded(3), codebook(16, sparse=True)):
        stored = store(make_model(), {"weight": weight}, {"bias": np.zeros(12, np.float16)})
        onnxruntime.InferenceSession(stored.SerializeToString(), options, providers=["CPUExecutionProvider"])
        assert [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node] == ["Conv"]


@pytest.mark.parametrize("scale_type", [np.float16, np.float32])
def test_groups_of_columns_have_scales_of_their_own(scale_type: type) -> None:
    weight = coded(16, groups=9, scale_type=scale_type)
    stored = store(make_model(), {"weight": weight})
    assert np.array_equal(decoded(stored), weight.values())
    row = weight.values().reshape(12, 9, 7)[3, 5]
    expected = (weight.codes[3].reshape(9, 7)[5].astype(np.float32) - 8) * np.float32(weight.scale[3, 5])
    assert np.array_equal(row, expected)


def test_zero_points_of_rows_are_subtracted() -> None:
    codes = RANDOM.integers(0, 16, (12, 63)).astype(np.uint8)
    zero = RANDOM.integers(0, 16, (12, 1)).astype(np.uint8)
    weight = CodedWeight(PLAIN, codes, 16, np.full((12, 1), 0.5, np.float16), zero=zero)
    stored = store(make_model(), {"weight": weight})
    assert np.array_equal(decoded(stored).reshape(12, -1), (codes.astype(np.float32) - zero) / 2)


def test_transposed_weights_come_back_in_their_own_order() -> None:
    """A ConvTranspose weight (in, out / groups, h, w), two groups; rows are output channels."""
    layout = Layout(shape=(6, 2, 3, 3), rows=4, inner=(2, 2, 3, 3, 3), order=(0, 2, 1, 3, 4))
    weight = coded(16, layout=layout)
    rows = layout.to_rows(weight.values())
    assert np.array_equal(layout.to_weight(rows), weight.values())
    assert np.array_equal(
        np.unique(rows[3] / np.float32(weight.scale[3, 0])), np.unique(weight.codes[3]) - 8.0
    )
    stored = store(make_model(layout.shape), {"weight": weight})
    assert np.array_equal(decoded(stored), weight.values())


def codebook(levels: int, *, codebooks: int = 1, sparse: bool = False, scaled: bool = False) -> CodedWeight:
    codes = RANDOM.integers(0, levels, (12, 63)).astype(np.uint8)
    if sparse:
        codes[RANDOM.random((12, 63)) < 0.8] = 0
    book = RANDOM.normal(size=(codebooks, levels)).astype(np.float16)
    book[:, 0] = 0
    scale = RANDOM.uniform(0.5, 1, (12, 1)).astype(np.float16) if scaled else None
    return CodedWeight(PLAIN, codes, levels, scale, codebook=book, sparse=sparse)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("codebooks", [1, 3])
@pytest.mark.parametrize("levels", [2, 3, 17, 33])
def test_codebooks_decode_exactly(levels: int, codebooks: int, scaled: bool, sparse: bool) -> None:
    weight = codebook(levels, codebooks=codebooks, sparse=sparse, scaled=scaled)
    stored = store(make_model(), {"weight": weight})
    values = decoded(stored)
    assert np.array_equal(values, weight.values())
    assert len(np.unique(values)) > 1


def test_sparse_storage_of_uniform_codes_decodes_exactly() -> None:
    codes = np.full((12, 63), 8, np.uint8)
    codes[:, ::9] = RANDOM.integers(0, 16, (12, 7))
    weight = CodedWeight(PLAIN, codes, 16, np.ones((12, 1), np.float16), zero=8.0, sparse=True)
    dense = CodedWeight(PLAIN, codes, 16, np.ones((12, 1), np.float16), zero=8.0)
    stored = store(make_model(), {"weight": weight})
    assert np.array_equal(decoded(stored), dense.values())
    assert weight.packed_bits < dense.packed_bits / 2


def test_many_layers_share_their_streams() -> None:
    """A second layer of the same width adds two nodes: its shape and its scale."""
    one, two = make_model(), make_model()
    two.graph.initializer.append(numpy_helper.from_array(np.zeros(CONV, np.float32), "other"))
    two.graph.node.append(helper.make_node("Conv", ["image", "other"], ["more"]))
    two.graph.output.append(onnx.ValueInfoProto(name="more"))
    first, second = coded(32), coded(32)
    small = store(one, {"weight": first})
    large = store(two, {"weight": first, "other": second})
    assert len(large.graph.node) == len(small.graph.node) + 1 + 2
    plain = {item.name: numpy_helper.to_array(item) for item in unpacked(large).graph.initializer}
    assert np.array_equal(plain["weight"], first.values())
    assert np.array_equal(plain["other"], second.values())


@pytest.mark.parametrize(("bits", "opset"), [(8, 17), (4, 21), (2, 25)])
def test_native_types_give_the_same_outputs(bits: int, opset: int) -> None:
    """Up to the order of additions: onnxruntime does not fold DequantizeLinear, so another kernel runs."""
    weight = coded(1 << bits)
    stored = store(make_model(), {"weight": weight}, storage="native")
    assert stored.opset_import[0].version == opset
    image = RANDOM.normal(size=(1, 7, 8, 8)).astype(np.float32)
    expected = outputs(store(make_model(), {"weight": weight}), image)
    np.testing.assert_allclose(outputs(stored, image), expected, atol=1e-5 * np.abs(expected).max())
    assert np.array_equal(decoded(stored), weight.values())


def test_storing_leaves_the_model_as_it_was_and_is_deterministic() -> None:
    model, weight = make_model(), coded(8)
    before = model.SerializeToString()
    first, second = (store(model, {"weight": weight}).SerializeToString(deterministic=True) for _ in range(2))
    assert model.SerializeToString() == before
    assert first == second


def test_fields_of_odd_widths_divide_bytes() -> None:
    assert [fields(bits) for bits in (1, 3, 5, 6, 7, 8)] == [(1,), (2, 1), (4, 1), (4, 2), (4, 2, 1), (8,)]
    high, low = pack(filled(np.array([0b10110, 0b00001], np.uint8)), 5)
    assert high[0] == 0b0000_1011
    assert low[0] == 0b10
    assert pack_trits(filled(np.array([2, 1, 0, 0, 2], np.uint8)))[0] == 2 + 3 + 2 * 81
    assert [bits_for(levels) for levels in (2, 3, 4, 5, 256)] == [1, 2, 2, 3, 8]


def test_entropy_of_codes() -> None:
    assert entropy(np.array([0, 1, 2, 3], np.uint8)) == 2.0
    assert entropy(np.array([5, 5, 5, 5], np.uint8)) == 0.0


@pytest.mark.parametrize("storage", ["packed", "bytes"])
def test_bound_is_of_codes_and_not_of_the_bytes_that_hold_them(storage: str) -> None:
    """Two layers, each sure of its own code but for a quarter: 0.811 bits a weight, however they are stored."""
    codes = np.zeros((64, 100), np.uint8)
    codes[:, ::4] = 1
    layout = Layout(shape=(64, 100, 1, 1), rows=64)
    model = make_model(layout.shape)
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(layout.shape, np.float32), "other"))
    model.graph.node.append(helper.make_node("Conv", ["image", "other"], ["more"]))
    model.graph.output.append(onnx.ValueInfoProto(name="more"))
    ones = np.ones((1, 1), np.float16)
    weights = {
        "weight": CodedWeight(layout, codes, 32, ones, zero=16.0),
        "other": CodedWeight(layout, codes + np.uint8(20), 32, ones, zero=16.0),
    }
    found = entropy_bound(store(model, weights, storage=storage))
    expected = 2 * 6400 * weights["weight"].entropy / 8
    assert weights["weight"].entropy == pytest.approx(0.8113, abs=1e-4)
    assert expected < found < expected + 60
    assert entropy_bound(make_model()) == size.entropy_bound(make_model())


def test_bytes_that_are_no_codes_stay_in_the_bound() -> None:
    model = make_model()
    content = np.arange(200, dtype=np.uint8)
    node = helper.make_node("Constant", [], ["bytes"], value=numpy_helper.from_array(content))
    model.graph.node.insert(0, node)
    model.graph.node.append(helper.make_node("Cast", ["bytes"], ["wide"], to=1))
    model.graph.output.append(onnx.ValueInfoProto(name="wide"))
    assert entropy_bound(model) == size.entropy_bound(model) > 180
