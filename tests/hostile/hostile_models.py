"""ONNX models that are wrong in a seeded way: changed by structure, sometimes by bytes."""

from __future__ import annotations

from random import Random

import model_growth  # noqa: F401 - adds its changes
import numpy as np
import onnx
from model_changes import CHANGES
from onnx import TensorProto, helper, numpy_helper

HEIGHT, WIDTH = 16, 24


def hostile_model(seed: int) -> bytes:
    """A network that works, with one to three things wrong in it; every change comes first for some seeds."""
    random = Random(f"model {seed}")
    model = network(random)
    first = CHANGES[seed % len(CHANGES)]
    for each in (first, *random.sample(CHANGES, random.choice((0, 0, 1, 2)))):
        each(model, random)
    content = model.SerializeToString()
    if random.random() < 0.1:
        content = _broken_bytes(content, random)
    return content


def network(random: Random) -> onnx.ModelProto:
    """A small detector or classifier."""
    generator = np.random.default_rng(random.randrange(1 << 30))

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(generator.standard_normal(shape, np.float32) * np.float32(0.1), name)

    nodes = [
        helper.make_node(
            "Conv", ["image", "stem", "bias"], ["a"], "conv", kernel_shape=[4, 4], strides=[4, 4]
        ),
        helper.make_node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["b"], "norm"),
        helper.make_node("Relu", ["b"], ["c"], "relu"),
    ]
    tensors = [
        weights("stem", 6, 3, 4, 4),
        *(weights(name, 6) for name in ("bias", "scale", "shift", "mean")),
    ]
    tensors.append(numpy_helper.from_array(np.linspace(0.5, 2, 6, dtype=np.float32), "variance"))
    if random.random() < 0.5:
        nodes += [helper.make_node("Conv", ["c", f"w_{name}"], [name], name) for name in ("classes", "boxes")]
        tensors += [weights("w_classes", 3, 6, 1, 1), weights("w_boxes", 4, 6, 1, 1)]
        outputs = ["classes", "boxes"]
    else:
        nodes += [
            helper.make_node("GlobalAveragePool", ["c"], ["d"], "pool"),
            helper.make_node("Constant", [], ["to"], "to", value=numpy_helper.from_array(np.array([1, 6]))),
            helper.make_node("Reshape", ["d", "to"], ["e"], "flat"),
            helper.make_node("Gemm", ["e", "w"], ["logits"], "gemm"),
        ]
        tensors.append(weights("w", 6, 5))
        outputs = ["logits"]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, HEIGHT, WIDTH))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _broken_bytes(content: bytes, random: Random) -> bytes:
    way = random.randrange(4)
    if way == 0:
        return content[: random.randrange(len(content))]
    if way == 1:
        return content + content
    broken = bytearray(content)
    for _ in range(random.randrange(1, 9)):
        place = random.randrange(len(broken))
        broken[place] = random.randrange(256)
    return bytes(broken)
