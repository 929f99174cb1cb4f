"""Quantization-aware training: what is trained is what the file computes, and the file's structure stays."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper

from edgeslim.errors import InfeasibleError
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.onnx_layers.coded import LearningSettings
from edgeslim.steps.quantization import QuantizationAwareTraining, RobustInt8
from edgeslim.steps.quantization.fake_quantization import (
    FakeQuantize,
    RoundingToScale,
    fake_quantized,
    trained_plan,
)
from edgeslim.steps.quantization.int8_plan import Int8Plan, integers_of
from networks_for_int8 import Pictures, context, operators, outputs, relative_error, silu_network

FASTEST = {"latency": 0.2, "sqnr": 0.0, "processor": "x86_vnni", "search_images": 2}
MODEL = silu_network()
QUICK = LearningSettings(steps=12, learning_rate=2e-3, batch=2, label_weight=0.0)


def told(folder: Path) -> StepContext:
    folder.joinpath("original.onnx").write_bytes(MODEL.SerializeToString())
    return dataclasses.replace(context(), original=folder / "original.onnx")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Int8Plan:
    return RobustInt8(**FASTEST).planned(MODEL, told(tmp_path_factory.mktemp("original")))[0]


@pytest.fixture(scope="module")
def trained(plan: Int8Plan, tmp_path_factory: pytest.TempPathFactory) -> Int8Plan:
    result, info = trained_plan(plan, QUICK, True, told(tmp_path_factory.mktemp("original")), "test")
    assert info["best_step"] > 0
    return result


def in_torch(module: torch.nn.Module, index: int = 99) -> list[np.ndarray]:
    image = Pictures().image(index).transpose(2, 0, 1)[None].astype(np.float32)
    with torch.no_grad():
        found = module(torch.from_numpy(image))
    return [part.numpy() for part in (found if isinstance(found, tuple) else (found,))]


def distance(left: list[np.ndarray], right: list[np.ndarray]) -> float:
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(left, right, strict=True))


def test_fake_quantization_in_torch_is_what_onnxruntime_computes(plan: Int8Plan) -> None:
    """The same codes as the imported file; off by a small part of what int8 itself changes from onnxruntime."""
    file = plan.written()
    network, places = to_torch(file), range(90, 100)
    before = [in_torch(network, place) for place in places]
    fakes = fake_quantized(network)
    assert len({id(fake) for fake in fakes.values()}) < len(fakes)
    after = [in_torch(network, place) for place in places]
    assert max(map(distance, after, before)) == 0
    assert distance(before[-1], outputs(file)) < 0.1 * relative_error(MODEL, file)


def test_trained_network_is_what_the_trained_file_computes(plan: Int8Plan, trained: Int8Plan) -> None:
    network = to_torch(trained.written())
    assert distance(in_torch(network), outputs(trained.written())) < 0.1 * relative_error(
        MODEL, trained.written()
    )
    moved = [
        name for name in plan.ranges if plan.ranges[name] != pytest.approx(trained.ranges[name], rel=1e-5)
    ]
    assert moved
    for name in moved:  # zero points stay
        low, high = trained.ranges[name]
        scale = (high - low) / 255
        assert low / scale == pytest.approx(round(low / scale), abs=1e-3)
    assert all(np.abs(codes).max() <= 127 for codes, _ in trained.weights.values())


def test_tensors_that_shared_a_scale_still_do(plan: Int8Plan, trained: Int8Plan) -> None:
    before, after = (scales(each.written()) for each in (plan, trained))
    groups = [{name for name in before if before[name] == value} for value in set(before.values())]
    assert max(len(group) for group in groups) > 2
    for group in groups:
        assert len({after[name] for name in group}) == 1
    sigmoids = {f"{node.output[0]}.scale" for node in plan.model.graph.node if node.op_type == "Sigmoid"}
    assert {after[name] for name in sigmoids & set(after)} == {np.float32(1 / 255)}


def test_a_plan_that_rounds_nothing_says_why_there_is_nothing_to_train(
    plan: Int8Plan, tmp_path: Path
) -> None:
    nothing = dataclasses.replace(plan, nodes=(), stored=())
    with pytest.raises(InfeasibleError, match="No layer may have 8-bit weights") as caught:
        trained_plan(nothing, QUICK, True, told(tmp_path), "quantization_aware_training")
    assert caught.value.code == "all_stay_float" and "sqnr" in str(caught.value)


def scales(model: onnx.ModelProto) -> dict[str, float]:
    names = {node.input[1] for node in model.graph.node if node.op_type == "QuantizeLinear"}
    return {
        item.name: float(numpy_helper.to_array(item))
        for item in model.graph.initializer
        if item.name in names
    }


def test_structure_is_that_of_robust_int8_and_integer_kernels_run(tmp_path: Path) -> None:
    found = []
    for step in (RobustInt8(**FASTEST), QuantizationAwareTraining(**FASTEST, steps=4, batch=2)):
        result = step.apply(MODEL, told(tmp_path))
        options = ort.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
        options.log_severity_level = 4
        ort.InferenceSession(result.SerializeToString(), options, providers=["CPUExecutionProvider"])
        found.append((operators(result), operators(onnx.load(tmp_path / "optimized.onnx")), shapes(result)))
    assert found[0] == found[1]
    assert found[1][1]["QLinearConv"] >= 3


def shapes(model: onnx.ModelProto) -> Counter[tuple[int, ...]]:
    return Counter((item.data_type, *item.dims) for item in model.graph.initializer)


def test_training_comes_nearer_and_tells_so(tmp_path: Path) -> None:
    step = QuantizationAwareTraining(**FASTEST, steps=30, batch=2)
    given = told(tmp_path)
    result = step.apply(MODEL, given)
    training, sqnr = given.info["training"], given.info["sqnr_db"]
    assert training["held_out_loss"] < 0.95 * training["held_out_loss_before"]
    assert list(sqnr) == ["all_int8", "chosen", "bias_corrected", "trained"]
    assert sqnr["trained"] > sqnr["bias_corrected"]
    onnx.checker.check_model(result)


def test_without_training_it_is_robust_int8(tmp_path: Path) -> None:
    plain = RobustInt8(**FASTEST).apply(MODEL, told(tmp_path))
    untrained = QuantizationAwareTraining(**FASTEST, steps=0).apply(MODEL, told(tmp_path))
    assert untrained.SerializeToString() == plain.SerializeToString()


def test_ranges_can_be_left_alone(plan: Int8Plan, tmp_path: Path) -> None:
    trained, _ = trained_plan(plan, QUICK, False, told(tmp_path), "test")
    before, after = scales(plan.written()), scales(trained.written())
    assert before.keys() == after.keys()
    assert all(after[name] == pytest.approx(before[name], rel=1e-6) for name in before)
    assert trained.weights


def test_coded_weights_are_the_integers_that_are_written(plan: Int8Plan) -> None:
    layers = plan.layers()
    assert {plan.limit(layer) for layer in layers} == {127}
    for layer in layers:
        codes, scale = integers_of(plan.coded(layer))
        assert codes.dtype == np.int8
        written = next(
            numpy_helper.to_array(item)
            for item in plan.written().graph.initializer
            if item.name in (f"{layer.name}.int8", f"{layer.name}.codes")
        )
        assert np.array_equal(codes, written)
        assert scale.shape == (layer.layout.rows,)


@pytest.mark.parametrize("rounding", ["compensated", "adaround"])
def test_weights_can_be_rounded_by_what_layers_give(rounding: str, tmp_path: Path) -> None:
    given = told(tmp_path)
    coarse = {**FASTEST, "processor": "x86", "correct_bias": False}
    RobustInt8(**coarse, rounding=rounding, rounding_steps=100).apply(MODEL, given)
    assert given.info["sqnr_db"]["rounded"] > given.info["sqnr_db"]["chosen"] - 0.2


def test_labels_are_needed_only_where_they_are_mixed_in() -> None:
    assert QuantizationAwareTraining().needs == {"calibration"}
    assert QuantizationAwareTraining(label_weight=1.0).needs == {"calibration", "train", "loss"}


def test_gradients_of_the_scale_are_those_of_learned_step_sizes() -> None:
    """Inside, what rounding leaves; outside, the end of the range (arXiv 1902.08153, equation 3)."""
    values = torch.tensor([0.26, -5.0, 30.0], requires_grad=True)
    scale = torch.tensor(0.1, requires_grad=True)
    rounded = RoundingToScale.apply(values, scale, 10.0, 0, 255)
    torch.testing.assert_close(rounded, torch.tensor([0.3, -1.0, 24.5]))
    for index, slope in enumerate((3 - 2.6, -10.0, 245.0)):
        scale.grad = values.grad = None
        rounded[index].backward(retain_graph=True)
        assert float(scale.grad) == pytest.approx(slope, rel=1e-3)
        assert values.grad.tolist() == [float(index == 0 and place == 0) for place in range(3)]


def test_range_of_a_fake_quantization_is_that_of_its_codes() -> None:
    fake = FakeQuantize((0.5, 3.0, 0, 255), learns=True)
    assert fake.range == (-1.5, 126.0)
