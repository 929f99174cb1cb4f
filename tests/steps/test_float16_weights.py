"""Half the bits, nearly the same outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper

from edgeslim.errors import RecipeError
from edgeslim.export.onnx import deployable, max_relative_error, to_bytes
from edgeslim.steps import StepContext
from edgeslim.steps.quantization import Float16
from example_networks import make_onnx, make_spec


def context() -> StepContext:
    return StepContext(spec=make_spec(), original=Path("unused.onnx"))


def test_file_is_half_as_large_and_outputs_differ_by_rounding_only() -> None:
    model, told = deployable(make_onnx("mlp")), context()
    result = Float16().apply(model, told)
    assert 0.5 < len(to_bytes(result)) / len(to_bytes(model)) < 0.53
    assert 0 < max_relative_error(model, result) < 2e-3
    assert told.info == {"converted": 3, "left": 3}


def test_weights_are_the_nearest_half_precision_numbers() -> None:
    model = deployable(make_onnx("gru"))
    before = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    result = Float16().apply(model, context())
    after = {item.name: numpy_helper.to_array(item) for item in result.graph.initializer}
    halves = {name.removesuffix(".half"): value for name, value in after.items() if value.dtype == np.float16}
    assert len(halves) == 4
    for name, value in halves.items():
        assert (value == before[name].astype(np.float16)).all()


def test_inputs_and_outputs_stay_float32() -> None:
    result = Float16().apply(deployable(make_onnx("plain_cnn")), context())
    assert {item.type.tensor_type.elem_type for item in (*result.graph.input, *result.graph.output)} == {1}


def test_weights_that_would_overflow_stay_float32() -> None:
    model = deployable(make_onnx("mlp"))
    weight = next(item for item in model.graph.initializer if item.name == "hidden.weight")
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * 1e7, "hidden.weight"))
    told = context()
    result = Float16().apply(model, told)
    assert told.info["left"] == 4
    assert max_relative_error(model, result) < 2e-3


def test_tiny_network_gains_nothing_and_is_refused() -> None:
    model = deployable(make_onnx("mlp"))
    for item in list(model.graph.initializer):
        if len(item.dims) > 1:
            item.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(item)[:1, :1], item.name))
    with pytest.raises(RecipeError) as caught:
        Float16().apply(model, context())
    assert caught.value.code == "nothing_in_float16"
