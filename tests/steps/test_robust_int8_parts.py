"""The parts of robust_int8: writing integers, exact rewrites, equalization, ranges, bias, search."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgeslim.export.rewriting import rewritten
from edgeslim.steps.images import prepared
from edgeslim.steps.quantization.bias_correction import bias_corrected
from edgeslim.steps.quantization.calibration import activation_ranges
from edgeslim.steps.quantization.costs import AVX2, VNNI, CostModel, OperatorCosts
from edgeslim.steps.quantization.equalization import equalized
from edgeslim.steps.quantization.int8_assignment import (
    AssignmentSearch,
    fused_layers,
    stored_layers,
)
from edgeslim.steps.quantization.limits import adjusted, silu_floor
from edgeslim.steps.quantization.noise import OutputNoise, channel_peaks, decibels
from edgeslim.steps.quantization.qdq import Integers, grid, integer_weight, write_qdq
from networks_for_int8 import (
    SPEC,
    Builder,
    Pictures,
    focus,
    leaky_network,
    operators,
    outputs,
    relative_error,
    silu_network,
)

UNSIGNED = Integers(signed_activations=False, weight_limit=127)
IMAGES = prepared(Pictures(), SPEC, 4)


def ranges_of(model: onnx.ModelProto) -> dict[str, tuple[float, float]]:
    tensors = ["image", *(name for node in model.graph.node for name in node.output)]
    return activation_ranges(
        model,
        tensors,
        Pictures(),
        SPEC,
        method="minmax",
        percentile=99.99,
        images=6,
        threads=1,
        progress=lambda *_: None,
    )


@pytest.mark.parametrize("limits", [(0.0, 5.1), (-1.0, 1.0), (-90.0, 0.3), (2.0, 3.0), (-4.0, -2.0)])
@pytest.mark.parametrize("lowest", [0, -128])
def test_grid_holds_zero_exactly_and_the_whole_range(limits: tuple[float, float], lowest: int) -> None:
    scale, zero = grid(limits, lowest)
    assert lowest <= zero <= lowest + 255
    assert float(scale) * (lowest - zero) <= min(limits[0], 0) + float(scale)
    assert float(scale) * (lowest + 255 - zero) >= max(limits[1], 0) - float(scale)


def test_integer_weight_has_one_scale_per_channel() -> None:
    weight = np.array([[1.0, -0.2532], [100.0, 25.32]], np.float32)
    codes, scale = integer_weight(weight, 0, 63)
    assert codes.tolist() == [[63, -16], [63, 16]]
    np.testing.assert_allclose(scale, [1 / 63, 100 / 63], rtol=1e-6)


@pytest.mark.parametrize("multiples", [[3, -1, 0, 2], [6, 4, 3, 0], [-63, 1, 0, 0]])
def test_weights_on_a_grid_keep_its_step_and_are_exact(multiples: list[int]) -> None:
    weight = np.array([multiples, [0, 0, 0, 0]], np.float32) * np.float32(0.0317)
    codes, scale = integer_weight(weight, 0, 63)
    assert codes.tolist() == [multiples, [0, 0, 0, 0]]
    np.testing.assert_allclose(codes * scale[:, None], weight, rtol=1e-6)


def test_weights_beyond_the_limit_of_their_grid_are_rounded_anew() -> None:
    codes, _ = integer_weight(np.array([[126.0, 1.0, 3.0, 0.0]], np.float32), 0, 63)
    assert codes.tolist() == [[63, 0, 2, 0]]


def test_stored_weights_change_nothing_but_their_rounding() -> None:
    model = silu_network()
    layers = {node.name for node in model.graph.node if node.op_type == "Conv"}
    stored = write_qdq(model, (), {}, UNSIGNED, stored=layers)
    assert "DequantizeLinear" not in operators(stored)
    assert 0 < relative_error(model, stored) < 0.02


def test_signed_activations_are_as_exact_as_unsigned() -> None:
    model = silu_network()
    chosen = {name for unit in fused_layers(model.graph) for name in unit.nodes}
    ranges = adjusted(model.graph, ranges_of(model), chosen)
    signed = write_qdq(model, chosen, ranges, Integers(signed_activations=True, weight_limit=127))
    unsigned = write_qdq(model, chosen, ranges, UNSIGNED)
    assert relative_error(model, signed) == pytest.approx(relative_error(model, unsigned), rel=0.01)


def test_rewrites_are_exact() -> None:
    build = Builder()
    data = build.silu(build.conv(focus(build), 12, 8, 3))
    pools = [
        build.add("MaxPool", data, kernel_shape=[k, k], pads=[k // 2] * 4, strides=[1, 1]) for k in (9, 5, 13)
    ]
    model = build.model(build.conv(build.add("Concat", *pools, data, axis=1), 32, 4))
    result, done = rewritten(model)
    assert done == {"space_to_depth": 1, "pool_chain": 1, "hard_swish": 0}
    assert operators(result) == {"Conv": 2, "Sigmoid": 1, "Mul": 1, "MaxPool": 3, "Concat": 1}
    np.testing.assert_allclose(outputs(result)[0], outputs(model)[0], rtol=1e-4, atol=1e-3)
    sizes = {tuple(node.attribute[0].ints) for node in result.graph.node if node.op_type == "MaxPool"}
    assert len(sizes) == 1


def test_phases_of_different_tensors_are_left_alone() -> None:
    model = silu_network()
    slices = [node for node in model.graph.node if node.op_type == "Slice"]
    slices[-1].input[1] = slices[-2].input[1]
    _, done = rewritten(model)
    assert done["space_to_depth"] == 0


def test_equalization_is_exact_and_evens_out_channels() -> None:
    model = leaky_network()
    result, pairs = equalized(model, IMAGES, 1)
    assert pairs == 3
    assert relative_error(model, result) < 1e-5
    name = next(node.output[0] for node in model.graph.node if node.op_type == "LeakyRelu")
    before, after = (channel_peaks(item, [name], IMAGES, 1)[name] for item in (model, result))
    assert before.max() / before.min() > 100
    assert after.max() / after.min() < before.max() / before.min() / 20


def test_equalization_does_not_touch_silu() -> None:
    model = silu_network()
    result, pairs = equalized(model, IMAGES, 1)
    assert pairs == 0
    assert result.SerializeToString() == model.SerializeToString()


def test_range_before_silu_is_cut_where_silu_is_flat() -> None:
    assert -6 < silu_floor(90.0) < -1.28
    assert silu_floor(2.0) < silu_floor(90.0)
    floor = silu_floor(20.0)
    step = (20.0 - floor) / 255
    assert abs(floor) / (1 + np.exp(-floor)) <= step / 4

    build = Builder()
    conv = build.conv("image", 3, 4)
    gate = build.add("Sigmoid", conv)
    model = build.model(build.conv(build.add("Mul", conv, gate), 4, 4))
    names = {node.name for node in model.graph.node}
    given = {"image": (0.0, 255.0), conv: (-90.0, 90.0), gate: (0.0, 0.9), "mul2": (-0.2, 90.0)}
    fitted = adjusted(model.graph, given, names)
    assert fitted[conv] == (silu_floor(90.0), 90.0)
    assert fitted[gate] == (0.0, 1.0)
    assert adjusted(model.graph, given, ())[conv] == (-90.0, 90.0)


def test_boxes_and_scores_never_share_a_scale_and_like_tensors_do() -> None:
    build = Builder()
    boxes, scores = build.conv("image", 3, 4), build.conv("image", 3, 4)
    model = build.model(build.conv(build.add("Concat", boxes, scores, axis=1), 8, 4))
    names = {node.name for node in model.graph.node}
    apart = adjusted(model.graph, {boxes: (-100, 100), scores: (0, 1), "concat2": (-100, 100)}, names)
    assert apart[boxes] == (-100, 100)
    assert apart[scores] == (0, 1)
    alike = adjusted(model.graph, {boxes: (-9, 10), scores: (-8, 9), "concat2": (-9, 10)}, names)
    assert set(alike.values()) == {(-9, 10)}


def test_bias_correction_takes_back_the_mean_error() -> None:
    model = silu_network()
    layer = next(node for node in model.graph.node if node.op_type == "Conv" and node.attribute[0].i == 1)
    coarse = Integers(signed_activations=False, weight_limit=4)
    ranges = ranges_of(model)
    corrected, count = bias_corrected(model, {layer.name}, ranges, coarse, IMAGES, 1)
    assert count == 1

    def mean_error(item: onnx.ModelProto) -> float:
        written = write_qdq(item, {layer.name}, ranges, coarse)
        watched = []
        for graph, name in ((model, layer.output[0]), (written, layer.output[0])):
            copy = onnx.ModelProto()
            copy.CopyFrom(graph)
            del copy.graph.output[:]
            copy.graph.output.append(onnx.ValueInfoProto(name=name))
            watched.append(outputs(copy)[0].mean(axis=(0, 2, 3)))
        return float(np.abs(watched[0] - watched[1]).mean())

    assert mean_error(corrected) < 0.35 * mean_error(model)


def test_noise_of_small_scores_counts_as_much_as_that_of_large_boxes() -> None:
    def network(box_error: float, score_error: float) -> onnx.ModelProto:
        build = Builder()
        boxes = build.add("Mul", build.conv("image", 3, 4), build.weight(np.float32(10 * (1 + box_error))))
        scores = build.conv("image", 3, 8)
        small = build.add("Mul", scores, build.weight(np.float32(1e-4 * (1 + score_error))))
        return build.model(build.add("Concat", boxes, small, axis=1))

    noise = OutputNoise(network(0, 0), IMAGES, 1)
    assert noise.of(network(0, 0)) == 0.0
    assert 0.1 < noise.of(network(0.1, 0)) / noise.of(network(0, 0.1)) < 20
    assert decibels(0.01) == pytest.approx(20.0)
    assert decibels(0.0) == 120.0


@pytest.mark.parametrize("costs", [AVX2, VNNI])
def test_search_keeps_to_its_budget_and_pays_noise_for_time(costs: OperatorCosts) -> None:
    model = silu_network(side=512)
    table = CostModel(model, costs)
    names = [unit.layer for unit in fused_layers(model.graph)]
    search = AssignmentSearch(model, table, {name: 1.0 + index for index, name in enumerate(names)})
    whole = table.float_time(model.graph.node)
    fastest, middle, free = (
        search.best(share * whole, math.inf, lambda *_: None) for share in (0.1, 0.95, 1.0)
    )
    assert free.layers == frozenset()
    assert free.nanoseconds == pytest.approx(whole)
    assert fastest.nanoseconds <= middle.nanoseconds <= 0.95 * whole
    assert fastest.noise >= middle.noise > 0


def test_time_is_not_bought_with_more_noise_than_allowed() -> None:
    model = silu_network(side=512)
    table = CostModel(model, AVX2)
    search = AssignmentSearch(model, table, {unit.layer: 1.0 for unit in fused_layers(model.graph)})
    unlimited = search.best(0.0, math.inf, lambda *_: None)
    limited = search.best(0.0, len(unlimited.layers) - 1, lambda *_: None)
    assert len(limited.layers) < len(unlimited.layers)
    assert limited.nanoseconds >= unlimited.nanoseconds
    assert search.best(0.0, 0.5, lambda *_: None).layers == frozenset()


def test_layers_that_suffer_from_stored_weights_keep_them_in_32_bits() -> None:
    model = silu_network()
    noise = OutputNoise(model, IMAGES[:2], 1)
    layers = [node for node in model.graph.node if node.op_type == "Conv"]

    def stored(most: float) -> set[str]:
        return stored_layers(model, layers, most, noise, UNSIGNED, lambda *_: None)

    assert stored(math.inf) == {node.name for node in layers}
    assert stored(0.0) == set()
    whole = noise.of(write_qdq(model, (), {}, UNSIGNED, stored=stored(math.inf)))
    some = stored(whole / 4)
    assert set() < some < {node.name for node in layers}
    assert noise.of(write_qdq(model, (), {}, UNSIGNED, stored=some)) < whole / 2


def test_layers_of_outputs_are_never_candidates() -> None:
    model = silu_network()
    names = {unit.layer for unit in fused_layers(model.graph)}
    convs = [node.name for node in model.graph.node if node.op_type == "Conv"]
    outs = [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and numpy_dims(model, node.input[1])[0] in (4, 8)
    ]
    assert len(outs) == 2
    assert names == set(convs) - set(outs)


def numpy_dims(model: onnx.ModelProto, name: str) -> tuple[int, ...]:
    return next(numpy_helper.to_array(item).shape for item in model.graph.initializer if item.name == name)
