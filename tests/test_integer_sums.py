"""Sums of products of integers: exact in every session, whatever the processor's kernels do by default.

Both kinds of processor are tested on either: what the kernels without VNNI compute is computed in numpy, and the option
that avoids it is tried where it is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeslim import ort
from edgeslim.records import RecipeRecord
from edgeslim.runtime import MAIN, ONNXRUNTIME, runtime_environment
from edgeslim.studies.study import TrialResult

U8, S8 = np.uint8, np.int8
Ints = np.ndarray


def exact(left: Ints, right: Ints) -> Ints:
    """(M, K) · (K, N) in 32-bit integers."""
    return left.astype(np.int32) @ right.astype(np.int32)


def saturating(left: Ints, right: Ints) -> Ints:
    """The same as x86 computes it without VNNI: products of neighbours are added in 16 bits, which saturate.

    Source: Intel's intrinsics guide, _mm256_maddubs_epi16.
    """
    products = left.astype(np.int32)[:, :, None] * right.astype(np.int32)[None]
    odd = products.shape[1] % 2
    pairs = np.pad(products, ((0, 0), (0, odd), (0, 0))).reshape(len(left), -1, 2, right.shape[1]).sum(axis=2)
    return np.clip(pairs, -(1 << 15), (1 << 15) - 1).sum(axis=1, dtype=np.int32)


def integers(dtype: type, shape: tuple[int, ...], limit: int | None = None, seed: int = 0) -> Ints:
    """All values of the type, or those of at most `limit` in size."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if limit is not None:
        low, high = max(low, -limit), min(high, limit)
    return np.random.default_rng(seed).integers(low, high + 1, shape).astype(dtype)


def product(weight: Ints, activations: type = U8) -> onnx.ModelProto:
    """int32 y = x · weight of integers."""
    types = {U8: TensorProto.UINT8, S8: TensorProto.INT8}
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", types[activations], [None, len(weight)])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [None, weight.shape[1]])],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def convolution(weight: Ints, group: int = 1) -> onnx.ModelProto:
    """float y = conv(x, weight) between QuantizeLinear and DequantizeLinear, with all scales 1 but y's."""
    number, inputs = len(weight), weight.shape[1] * group
    named = {
        "w": weight,
        "one": np.float32(1.0),
        "coarse": np.float32(4096.0),
        "none": U8(0),
        "middle": U8(128),
        "zero": S8(0),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "one", "none"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "one", "none"], ["xd"]),
        helper.make_node("DequantizeLinear", ["w", "one", "zero"], ["wd"]),
        helper.make_node("Conv", ["xd", "wd"], ["c"], group=group, kernel_shape=weight.shape[2:]),
        helper.make_node("QuantizeLinear", ["c", "coarse", "middle"], ["cq"]),
        helper.make_node("DequantizeLinear", ["cq", "coarse", "middle"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "convolution",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, number, None, None])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in named.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def plain(model: onnx.ModelProto, feed: Ints) -> Ints:
    """As onnxruntime computes it when nobody tells it better."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": feed})[0]


@pytest.fixture(params=[False, True], ids=["as this processor needs it", "with the option"])
def sessions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Opens sessions as they are on this processor, and as on one whose kernels saturate."""
    if request.param:
        monkeypatch.setattr(ort, "saturates", lambda: True)
        assert ort.options()[ort.EXACT_SUMS] == "1"
    return ort.open_session


def test_pairs_of_products_saturate_and_seven_bits_do_not() -> None:
    ones = np.ones((2, 1), S8)
    assert saturating(np.full((1, 2), 255, U8), 127 * ones)[0, 0] == 32_767
    assert saturating(np.full((1, 2), 255, U8), -128 * ones)[0, 0] == -32_768
    assert saturating(np.full((1, 3), 255, U8), np.full((3, 1), 127, S8))[0, 0] == 32_767 + 255 * 127
    left, right = integers(U8, (7, 33)), integers(S8, (33, 5), limit=64)
    assert np.array_equal(saturating(left, right), exact(left, right))
    assert not np.array_equal(saturating(left, 2 * right - 1), exact(left, 2 * right - 1))


@pytest.mark.parametrize("limit", [None, 64], ids=["8 bits", "7 bits"])
@pytest.mark.parametrize("rows", [1, 4, 9])
def test_sums_of_products_are_exact(sessions: Callable, rows: int, limit: int | None) -> None:
    left, right = integers(U8, (rows, 67)), integers(S8, (67, 18), limit, seed=1)
    assert np.array_equal(sessions(product(right)).run(left)[0], exact(left, right))


@pytest.mark.parametrize("activations", [U8, S8])
@pytest.mark.parametrize("weights", [U8, S8])
def test_all_pairs_of_types_are_exact(sessions: Callable, activations: type, weights: type) -> None:
    left, right = integers(activations, (5, 64)), integers(weights, (64, 16), seed=1)
    assert np.array_equal(sessions(product(right, activations)).run(left)[0], exact(left, right))


@pytest.mark.parametrize(("shape", "group"), [((8, 16, 1, 1), 1), ((8, 3, 3, 3), 1), ((16, 1, 3, 3), 16)])
def test_quantized_convolutions_are_exact(
    sessions: Callable, shape: tuple[int, int, int, int], group: int
) -> None:
    """Against the float convolution of the same integers, in which sums of so few are exact too."""
    weight = integers(S8, shape, seed=2)
    image = integers(U8, (1, shape[1] * group, 8, 8)).astype(np.float32)
    model = convolution(weight, group)
    reference = ort.open_session(model, optimized=False).run(image)[0]
    assert np.array_equal(sessions(model).run(image)[0], reference)
    assert np.ptp(reference) > 4096 * 20


@pytest.mark.parametrize("stored", [True, False], ids=["stored scales", "computed scales"])
def test_weights_without_zero_points_run(sessions: Callable, stored: bool) -> None:
    """Of a layer that computes in float: the option makes its weights unsigned all the same."""
    codes, scales = integers(S8, (6, 12)), np.linspace(0.5, 2.0, 6).astype(np.float16)
    nodes = [
        helper.make_node("Cast", ["half"], ["scales"], to=TensorProto.FLOAT),
        helper.make_node("DequantizeLinear", ["codes", "scales"], ["rows"], axis=0),
        helper.make_node("Gemm", ["x", "rows"], ["y"], transB=1),
    ]
    held = [numpy_helper.from_array(codes, "codes"), numpy_helper.from_array(scales, "half")]
    if stored:
        del nodes[0]
        held[1] = numpy_helper.from_array(scales.astype(np.float32), "scales")
    graph = helper.make_graph(
        nodes,
        "float",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 12])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6])],
        held,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    x = np.random.default_rng(0).random((1, 12), np.float32)
    weight = codes.astype(np.float64) * scales.astype(np.float64)[:, None]
    np.testing.assert_allclose(sessions(model).run(x)[0], x @ weight.T, rtol=1e-5)
    assert not model.graph.node[-2].input[2:], "the caller's own model is left alone"


def test_a_plain_session_computes_what_is_known_of_this_processor() -> None:
    """So `saturates` tells the truth: sums of a plain session are those of one of the two kinds of processor."""
    left, right = integers(U8, (6, 64)), integers(S8, (64, 16), seed=1)
    expected = saturating if ort.saturates() else exact
    assert np.array_equal(plain(product(right), left), expected(left, right))


def test_the_option_is_on_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere it would give up the kernels for signed weights."""
    for needed in (True, False):
        monkeypatch.setattr(ort, "saturates", lambda needed=needed: needed)
        opened = ort.open_session(product(integers(S8, (4, 4))))._opened
        entry = opened.get_session_options().get_session_config_entry(ort.EXACT_SUMS)
        assert entry == ("1" if needed else "0")


def test_where_a_plain_session_differs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "saturates", lambda: True)
    (notice,) = ONNXRUNTIME.notices()
    assert (notice.code, notice.values) == ("exact_sums", {"option": ort.EXACT_SUMS})
    assert f"{ort.EXACT_SUMS}=1" in runtime_environment([MAIN])["onnxruntime options"]
    monkeypatch.setattr(ort, "saturates", lambda: False)
    assert ONNXRUNTIME.notices() == []
    trial = TrialResult(
        number=0,
        state="complete",
        recipe=RecipeRecord(),
        title="",
        recipe_fingerprint="",
        model="m",
        fidelity={"sqnr_db": 30.0},
    )
    assert trial.notices == ()
    (notice,) = replace(trial, fidelity={"sqnr_db": 30.0, "plain_sqnr_db": 21.34}).notices
    assert (notice.code, notice.values) == ("plain_session_differs", {"decibels": 21.3})
    assert "21.3 dB" in str(notice) and ort.EXACT_SUMS in str(notice)
