"""Dynamic int8: what computes with integers, what is only stored so, and how close the outputs stay."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from edgeslim.errors import RecipeError
from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes
from edgeslim.metrics.counts import counts
from edgeslim.models.proof import run
from edgeslim.steps import StepContext
from edgeslim.steps.quantization import DynamicInt8
from example_networks import SIZE, Gru, Mlp, PlainCnn, make_spec

SHAPE = (1, 3, SIZE, SIZE)


class Recurrent(nn.Module):
    """Image rows through a recurrent layer in both directions, its last state classified."""

    def __init__(self, kind: type[nn.GRU] | type[nn.LSTM]) -> None:
        super().__init__()
        self.rows = kind(3 * SIZE, 24, batch_first=True, bidirectional=True)
        self.classify = nn.Linear(48, 4)

    def forward(self, image: Tensor) -> Tensor:
        sequence, _ = self.rows(image.permute(0, 2, 1, 3).flatten(2))
        return self.classify(sequence[:, -1])


def graph_of(network: nn.Module) -> onnx.ModelProto:
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return deployable(export_training_form(network.eval(), SHAPE, "image", ["scores"]))


def context() -> StepContext:
    return StepContext(spec=make_spec("mlp"), original=Path("unused"))


def relative_error(first: onnx.ModelProto, second: onnx.ModelProto) -> float:
    images = [np.random.default_rng(seed).random(SHAPE, np.float32) for seed in range(4)]
    before, after = (np.stack([outputs[0] for outputs in run(to_bytes(m), images)]) for m in (first, second))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


@pytest.mark.parametrize(
    ("network", "operators", "integer", "stored", "most_error"),
    [
        (Mlp(), {"MatMulInteger": 2}, 3 * SIZE * SIZE * 32 + 32 * 24, 0, 0.02),
        (Gru(), {"MatMulInteger": 1, "GRU": 1}, 3 * SIZE * 16, 3 * 12 * 16, 0.02),
        (Recurrent(nn.GRU), {"GRU": 1}, 0, 2 * 3 * 24 * (3 * SIZE + 24), 0.02),
        (Recurrent(nn.LSTM), {"DynamicQuantizeLSTM": 1}, 2 * 4 * 24 * (3 * SIZE + 24), 0, 0.04),
    ],
    ids=["mlp", "gru", "both_ways_gru", "both_ways_lstm"],
)
def test_large_layers_are_quantized_and_outputs_stay_close(
    network: nn.Module,
    operators: dict[str, int],
    integer: int,
    stored: int,
    most_error: float,
    tmp_path: Path,
) -> None:
    model, told = graph_of(network), context()
    result = DynamicInt8(reduce_range="off").apply(model, told)
    found = Counter(node.op_type for node in result.graph.node)
    assert {name: found[name] for name in operators} == operators
    assert (told.info["integer_weights"], told.info["stored_weights"]) == (integer, stored)
    assert 0 < relative_error(model, result) < most_error
    saved = len(to_bytes(shipped(model))) - len(to_bytes(shipped(result)))
    assert saved > 2 * (integer + stored)
    file = tmp_path / "model.onnx"
    file.write_bytes(to_bytes(shipped(result)))
    assert counts(file).macs > integer


def test_one_scale_a_layer_is_smaller_and_coarser() -> None:
    model = graph_of(Recurrent(nn.GRU))
    fine, coarse = (DynamicInt8(per_channel=each).apply(model, context()) for each in (True, False))
    assert len(to_bytes(coarse)) < len(to_bytes(fine))
    assert relative_error(model, fine) < relative_error(model, coarse) < 0.05


def test_reduced_range_uses_seven_bits() -> None:
    result = DynamicInt8(reduce_range="on").apply(graph_of(Mlp()), context())
    weights = [onnx.numpy_helper.to_array(item) for item in result.graph.initializer]
    codes = [weight for weight in weights if weight.dtype == np.int8 and weight.ndim == 2]
    assert [int(np.abs(weight).max()) for weight in codes] == [64, 64]


def test_zeros_of_a_pruned_layer_stay_zeros() -> None:
    network = Mlp()
    model = graph_of(network)
    for item in model.graph.initializer:
        if len(item.dims) == 2:
            weight = np.array(onnx.numpy_helper.to_array(item))
            weight[:, ::2] = 0
            item.CopyFrom(onnx.numpy_helper.from_array(weight, item.name))
    result = DynamicInt8().apply(model, context())
    weights = [onnx.numpy_helper.to_array(item) for item in result.graph.initializer]
    shares = [
        float((weight == 0).mean()) for weight in weights if weight.dtype == np.int8 and weight.ndim == 2
    ]
    assert min(shares) >= 0.5


def test_convolutions_are_refused_with_what_works_on_them() -> None:
    class Convolutions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = PlainCnn().features

        def forward(self, image: Tensor) -> Tensor:
            return self.features(image).mean((2, 3))

    with pytest.raises(RecipeError) as caught:
        DynamicInt8().apply(graph_of(Convolutions()), context())
    assert caught.value.code == "nothing_dynamic"
    assert "static or robust int8" in str(caught.value)
