"""Files made here can be imported again: they stay as small as they are, and give the same outputs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from edgeslim.export.onnx import deployable, shipped, to_bytes
from edgeslim.models.preparing import prepare
from edgeslim.models.proof import run
from edgeslim.steps import OnnxStep
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.quantization import Float16, LowBitWeights, RobustInt8, StaticInt8
from low_bit_networks import context, network

NAME = "residual_concat_pyramid"
STEPS: dict[str, OnnxStep] = {
    "packed 3 bits": LowBitWeights(bits=3),
    "packed 8 bits": LowBitWeights(bits=8),
    "ternary": LowBitWeights(scheme="ternary"),
    "bytes": LowBitWeights(bits=5, storage="bytes"),
    "native": LowBitWeights(bits=4, storage="native"),
    "palettes": WeightClustering(),
    "float16": Float16(),
    "static int8": StaticInt8(),
    "robust int8": RobustInt8(latency=0.2, sqnr=0.0),
}
IMAGE = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)


def made(step: OnnxStep) -> bytes:
    return to_bytes(shipped(step.apply(network(NAME), context(NAME))))


@pytest.mark.parametrize("name", STEPS)
def test_file_stays_small_and_gives_the_same_outputs(name: str) -> None:
    content = made(STEPS[name])
    imported = prepare(content, "file.onnx", None)
    again = to_bytes(shipped(deployable(onnx.load_model_from_string(imported.content))))
    assert len(again) <= 1.05 * len(content)
    for before, after in zip(run(content, [IMAGE])[0], run(again, [IMAGE])[0], strict=True):
        np.testing.assert_allclose(after, before, atol=1e-5)
    types = [
        [item.data_type for item in onnx.load_model_from_string(each).graph.initializer if len(item.dims) > 1]
        for each in (content, again)
    ]
    assert sorted(types[0]) == sorted(types[1])
