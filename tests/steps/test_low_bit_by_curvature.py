"""Precision by the curvature of the distillation loss: it predicts what errors cost, and no layer is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeslim.errors import RecipeError
from edgeslim.export.onnx import deployable
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.output_loss import output_loss
from edgeslim.steps.onnx_layers.curvature import Projection, channel_curvature
from edgeslim.steps.onnx_layers.layers import weight_layers
from edgeslim.steps.onnx_layers.learning import learnable
from edgeslim.steps.quantization import MixedLowBitWeights
from edgeslim.steps.torch_network.running import Images
from edgeslim.training.network import Network
from family_examples import EXAMPLES, spec_of
from low_bit_networks import applied, context, network, noise_db, outputs

NOISE = 1e-2
BY_LOSS = MixedLowBitWeights(average_bits=3.0, sensitivity="loss")


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid"])
def test_curvature_predicts_what_errors_at_a_layer_cost(name: str) -> None:
    """White noise on the layer's outputs, on the images that the curvature was measured on."""
    told, model = context(name), network(name)
    layers = learnable(model, weight_layers(model))
    found = channel_curvature(model, layers, told, "x")
    module = to_torch(model).requires_grad_(False)
    assert told.calibration is not None
    images = Images([told.calibration], told.spec).take(range(12))
    runs = Network(module, images[:1])
    wanted = runs(images)
    _, loss = output_loss(wanted, told.spec, DistillationConfig())
    nodes = {node.name: node for node in module.graph.nodes}
    noise = torch.Generator().manual_seed(0)

    def disturbed(_: nn.Module, given: object, output: Tensor) -> Tensor:
        return output + NOISE * torch.randn(output.shape, generator=noise)

    predicted, real = [], []
    for layer in layers:
        target = str(nodes[module.meta["nodes"][layer.output]].target)
        handle = module.get_submodule(target).register_forward_hook(disturbed)
        real.append(np.mean([float(loss(runs(images), wanted)) for _ in range(10)]))
        predicted.append(NOISE**2 * found[layer.name].sum())
        handle.remove()
    assert np.median(np.abs(np.log(np.array(predicted) / real))) < 0.2
    np.testing.assert_allclose(predicted, real, rtol=0.7)


def seen(family: str) -> list[Tensor]:
    """Outputs as the family's example, but with certainty and boxes at every place."""
    random = torch.Generator().manual_seed(0)
    found = []
    for output in EXAMPLES[family]().outputs:
        array = output if output.ndim > 2 else output[None]
        draw = torch.rand(array.shape, generator=random)
        wide = array.shape[-1] == 32 or family == "nanodet_plus"
        found.append(draw * 2 - 1 if wide else 0.2 + 0.6 * draw)
    return found


@pytest.mark.parametrize("family", ["yolox", "gfl", "nanodet_plus", "fcos"])
def test_the_curvature_is_that_of_the_distillation_loss(family: str) -> None:
    """By many projections, against the loss of small noise on the outputs themselves."""
    spec, wanted = spec_of(family, EXAMPLES[family]()), seen(family)
    projection, draws = Projection.of([wanted], spec), torch.Generator().manual_seed(1)
    leaves = [output.clone().requires_grad_(True) for output in wanted]
    squares = [torch.zeros_like(output) for output in wanted]
    for _ in range(60):
        for square, gradient in zip(
            squares, torch.autograd.grad(projection.sampled(leaves, draws), leaves), strict=True
        ):
            square += gradient.square() / 60
    _, loss = output_loss(wanted, spec, DistillationConfig(boxes="numbers", background=0.0))
    for place, square in enumerate(squares):
        expected = float(square.sum()) / 2 / projection.mass(wanted) * NOISE**2
        assert expected == pytest.approx(noisy(loss, wanted, place), rel=0.15)


def noisy(
    loss: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor], wanted: list[Tensor], place: int
) -> float:
    """Mean loss with noise on one output."""
    random = torch.Generator().manual_seed(2)
    found = []
    for _ in range(20):
        own = [output.clone() for output in wanted]
        own[place] += NOISE * torch.randn(own[place].shape, generator=random)
        found.append(float(loss(own, wanted)))
    return float(np.mean(found))


def test_budget_holds_and_the_expected_loss_falls_with_more_bits() -> None:
    expected, real = [], []
    for bits in (2.5, 4.0):
        step = MixedLowBitWeights(average_bits=bits, sensitivity="loss")
        result, told = applied(step, "residual_concat_pyramid")
        assert bits - 0.5 < told.info["average_entropy"] < bits + 0.15
        assert all(line["sensitivity"] > 0 for line in told.info["layers"])
        expected.append(told.info["expected_error"])
        real.append(noise_db(network("residual_concat_pyramid"), result))
    assert expected[0] > 2 * expected[1]
    assert real[0] < real[1]


def test_layers_without_a_gradient_of_their_own_are_measured_and_converted() -> None:
    """A recurrent layer's weights belong to one module: its sensitivity is told in the unit of the others."""
    _, by_loss = applied(BY_LOSS, "gru")
    _, by_error = applied(MixedLowBitWeights(average_bits=3.0), "gru")
    pairs = list(zip(by_loss.info["layers"], by_error.info["layers"], strict=True))
    recurrent = [
        loss["sensitivity"] / error["sensitivity"] for loss, error in pairs if loss["operator"] == "GRU"
    ]
    others = [
        (loss["sensitivity"], error["sensitivity"]) for loss, error in pairs if loss["operator"] != "GRU"
    ]
    rate = sum(loss for loss, _ in others) / sum(error for _, error in others)
    assert len(recurrent) == 2
    assert recurrent == pytest.approx([rate, rate])


def test_the_same_seed_gives_the_same_file() -> None:
    first, second = (applied(BY_LOSS, "depthwise_se")[0] for _ in range(2))
    assert first.SerializeToString() == second.SerializeToString()
    assert not torch.are_deterministic_algorithms_enabled()


def test_outputs_without_a_gradient_are_refused_with_a_remedy() -> None:
    model = deployable(network("plain_cnn"))
    last = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = ["scores before" if name == last else name for name in node.output]
    model.graph.node.add(op_type="Round", name="whole numbers", input=["scores before"], output=[last])
    with pytest.raises(RecipeError) as caught:
        BY_LOSS.apply(model, context())
    assert caught.value.code == "no_curvature"
    assert len(outputs(model)) == 8, "the other way of measuring needs no gradient"
