"""Hard swish and the gates of squeeze-and-excitation: fewer operators in float, and integer kernels in int8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from edgeslim.analysis.doctor.quantized import quantizers, without
from edgeslim.export.rewriting import rewritten
from edgeslim.metrics.counts import counts_of
from edgeslim.ort import open_session
from edgeslim.runtime.ncnn.plain import plain
from edgeslim.steps.quantization.qdq import Integers, write_qdq
from edgeslim.steps.quantization.robust_int8 import RobustInt8
from networks_for_int8 import Builder, context, operators, outputs, relative_error

FORMS = ("divided at the end", "multiplied at the end", "divided gate", "operator")


def hard_swish(build: Builder, data: str, form: str = FORMS[0], limit: float = 6.0) -> str:
    """x · clip(x + 3, 0, 6) / 6 as exporters write it."""
    if form == "operator":
        return build.add("HardSwish", data)
    number = {value: build.weight(np.float32(value)) for value in (0, 3, limit, 1 / 6)}
    gate = build.add("Clip", build.add("Add", data, number[3]), number[0], number[limit])
    if form == "divided gate":
        return build.add("Mul", build.add("Div", gate, number[limit]), data)
    product = build.add("Mul", data, gate)
    if form == "divided at the end":
        return build.add("Div", product, number[limit])
    return build.add("Mul", product, number[1 / 6])


def excited(build: Builder, data: str, width: int) -> str:
    """Squeeze and excitation."""
    pooled = build.add("GlobalAveragePool", data)
    squeezed = build.add("Relu", build.conv(pooled, width, width // 4))
    return build.add(
        "Mul", data, build.add("HardSigmoid", build.conv(squeezed, width // 4, width), alpha=1 / 6)
    )


def network(form: str = FORMS[0], limit: float = 6.0, width: int = 64) -> onnx.ModelProto:
    build = Builder()
    data = build.add("Mul", "image", build.weight(np.float32(1 / 64)))
    data = hard_swish(build, build.conv(data, 3, width, 3, stride=2), form, limit)
    for _ in range(3):
        data = hard_swish(build, build.conv(data, width, width), form, limit)
    data = excited(build, data, width)
    data = hard_swish(build, build.conv(data, width, width), form, limit)
    return build.model(build.conv(data, width, 8))


@pytest.mark.parametrize("form", FORMS)
def test_every_way_to_write_it_becomes_a_gate_and_a_product(form: str) -> None:
    model = network(form)
    result, done = rewritten(model)
    assert done["hard_swish"] == 5
    kinds = operators(result)
    assert (kinds["HardSigmoid"], kinds["Mul"]) == (6, 7)
    assert not kinds.keys() & {"Add", "Clip", "Div", "HardSwish"}
    assert relative_error(model, result) < 1e-6
    onnx.checker.check_model(result)


def test_what_only_looks_like_it_stays() -> None:
    model = network(limit=5.0)
    result, done = rewritten(model)
    assert done["hard_swish"] == 0
    assert operators(result) == operators(model)


@pytest.mark.parametrize("signed", [False, True])
def test_a_gate_in_int8_is_a_sum_that_is_cut_off(signed: bool) -> None:
    build = Builder()
    start = build.add("Identity", "image")
    gate = build.add("HardSigmoid", start, alpha=0.25, beta=0.4)
    model = build.model(build.add("Identity", gate))
    ranges = {start: (-6.0, 6.0), gate: (0.0, 1.0)}
    chosen = {node.name for node in model.graph.node if node.output[0] == gate}
    written = write_qdq(model, chosen, ranges, Integers(signed_activations=signed, weight_limit=127))
    assert "HardSigmoid" not in operators(written)
    pixels = np.linspace(-5, 5, 3 * 96 * 96, dtype=np.float32).reshape(1, 3, 96, 96)
    (made,) = open_session(written, optimized=False).run(pixels)
    wanted = np.clip(0.25 * pixels + 0.4, 0, 1)
    assert np.abs(made - wanted).max() < 0.25 * 6 / 255 + 0.5 / 255 + 1e-4  # half a step of either


def test_a_network_of_gates_computes_in_int8(tmp_path: Path) -> None:
    told, model = context(), network()
    step = RobustInt8(latency=0.2, sqnr=0.0, processor="x86_vnni", search_images=2)
    result = step.apply(model, told)
    found = counts_of(result)
    assert found.int8_macs > 0.8 * found.macs
    assert told.info["sqnr_db"]["bias_corrected"] > 20
    assert relative_error(model, result) < 0.1
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(result.SerializeToString(), options, providers=["CPUExecutionProvider"])
    run = operators(onnx.load(tmp_path / "optimized.onnx"))
    assert run["QLinearAdd"] >= 3 and run["QLinearMul"] >= 3
    assert len(outputs(result)) == 1


def test_who_drops_the_rounding_keeps_the_gates() -> None:
    """Converters and the doctor look through QuantizeLinear and DequantizeLinear."""
    model = network()
    step = RobustInt8(latency=0.2, sqnr=0.0, processor="x86_vnni", search_images=2, correct_bias=False)
    result = step.apply(model, context())
    kinds = operators(plain(result).model)
    assert kinds["Clip"] >= 4 and "QuantizeLinear" not in kinds
    assert relative_error(model, plain(result).model) < 0.05
    known = quantizers(result, model)
    assert operators(result)["QuantizeLinear"] - len(known) == 6
    unrounded = without(result, known.values())
    assert relative_error(model, unrounded) < 0.05
