"""Float networks, their outputs, and how far two networks are apart: for tests of low-bit steps."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeslim.export.onnx import deployable, to_bytes
from edgeslim.export.packed import unpacked
from edgeslim.models.proof import run
from edgeslim.steps import OnnxStep, StepContext
from example_networks import RandomImages, make_onnx, make_spec

IMAGES = RandomImages(12)


@cache
def network(name: str) -> onnx.ModelProto:
    return deployable(make_onnx(name))


def pruned(name: str, sparsity: float) -> onnx.ModelProto:
    """The smallest weights of every layer set to zero."""
    model = onnx.ModelProto()
    model.CopyFrom(network(name))
    for item in model.graph.initializer:
        array = numpy_helper.to_array(item).copy()
        if array.ndim > 1:
            array[np.abs(array) < np.quantile(np.abs(array), sparsity)] = 0
            item.CopyFrom(numpy_helper.from_array(array, item.name))
    return model


def context(name: str = "plain_cnn", images: RandomImages | None = IMAGES) -> StepContext:
    return StepContext(spec=make_spec(name), original=Path("unused.onnx"), calibration=images)


def applied(step: OnnxStep, name: str) -> tuple[onnx.ModelProto, StepContext]:
    told = context(name)
    return step.apply(network(name), told), told


def inputs(count: int = 8, seed: int = 3) -> list[np.ndarray]:
    images = RandomImages(count, seed=seed)
    return [(images.image(i).transpose(2, 0, 1)[None] / 255).astype(np.float32) for i in range(count)]


def outputs(model: onnx.ModelProto) -> list[np.ndarray]:
    """All outputs on other images than the calibration's, flat."""
    return [np.concatenate([part.ravel() for part in parts]) for parts in run(to_bytes(model), inputs())]


def noise_db(model: onnx.ModelProto, changed: onnx.ModelProto) -> float:
    """Signal to noise of the outputs' variation over images."""
    before, after = np.array(outputs(model), np.float64), np.array(outputs(changed), np.float64)
    signal = np.square(before - before.mean(axis=0)).sum()
    return 10 * float(np.log10(signal / np.square(before - after).sum()))


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Matrices and kernels by name, decoded."""
    arrays = {item.name: numpy_helper.to_array(item) for item in unpacked(model).graph.initializer}
    return {name: array for name, array in arrays.items() if array.ndim > 1}


def model_of(nodes: list[onnx.NodeProto], stored: dict[str, np.ndarray]) -> onnx.ModelProto:
    """From `image` (1, 3, 16, 16) to `scores`."""
    graph = helper.make_graph(
        nodes,
        "main",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
