"""Networks in a nutshell: what kind, activation and loss change, on the kept results and on small ones made now."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.networks.activations import NAMES, Activations
from edgeslim.lessons.networks.facts import right, surely_better
from edgeslim.lessons.networks.kinds import KINDS, Kinds
from edgeslim.lessons.networks.live import Functions
from edgeslim.lessons.networks.losses import Losses
from edgeslim.lessons.networks.sparsity import MODELS, Sparsity, activations
from edgeslim.lessons.networks.training import (
    LOSSES,
    Digits,
    Stack,
    cross_entropy,
    digits,
    focal,
    train,
    weighted,
)


def kept(setting, tmp_path) -> Outcome:
    found = outcome("networks", setting, Store(tmp_path))
    assert found is not None
    return found


def test_equally_many_weights_are_used_seven_times_as_often_in_a_convolution(tmp_path) -> None:
    facts = kept(Kinds(), tmp_path).facts
    assert facts["cnn_params"].value == pytest.approx(facts["mlp_params"].value, rel=0.15)
    assert facts["cnn_macs"].value > 7 * facts["mlp_macs"].value


def test_pruning_half_hurts_the_recurrent_network_most_and_beyond_doubt(tmp_path) -> None:
    found = kept(Kinds(), tmp_path)
    assert found.answer == "gru"
    assert all(found.facts[f"{kind}_change"].low > found.facts["gru_change"].high for kind in ("mlp", "cnn"))


def test_a_technique_that_finds_nothing_in_a_network_is_left_out_of_it(tmp_path) -> None:
    found = kept(Kinds(technique="channels"), tmp_path)
    assert found.facts["applied"].value == 2 and "gru_change" not in found.facts
    assert found.views[0].groups == ("mlp", "cnn")
    assert found.views[2].values[KINDS.index("gru")][1] is None


def test_eight_sigmoid_layers_do_not_learn_and_normalization_mends_it(tmp_path) -> None:
    deep = kept(Activations(), tmp_path)
    assert deep.answer == "sigmoid" and deep.facts["sigmoid_accuracy"].high < 0.5
    assert all(deep.facts[f"{name}_accuracy"].low > 0.9 for name in NAMES if name != "sigmoid")
    assert deep.facts["sigmoid_weaker"].value > 1e4 > 10 > deep.facts["relu_weaker"].value
    assert kept(Activations(normalised=True), tmp_path).facts["sigmoid_accuracy"].low > 0.9


def test_only_functions_with_a_flat_part_give_exact_zeros(tmp_path) -> None:
    facts = kept(Activations(), tmp_path).facts
    assert facts["relu_zeros"].value > 0.3
    assert all(facts[f"{name}_zeros"].value == 0 for name in ("sigmoid", "tanh", "leaky_relu"))


def test_half_zero_is_no_law(tmp_path) -> None:
    zeros = {model: kept(Sparsity(model=model), tmp_path).facts["zeros"] for model in MODELS}
    assert zeros["digits-mlp"].high < 0.3 < 0.4 < zeros["street-signs-small"].low


def test_a_weighted_loss_finds_the_rare_ones_and_focal_loss_does_not(tmp_path) -> None:
    found = kept(Losses(), tmp_path)
    assert found.answer == "weighted"
    assert found.facts["weighted_rare"].low > found.facts["focal_rare"].high
    assert abs(found.facts["focal_rare"].value - found.facts["cross_entropy_rare"].value) < 0.03
    assert found.facts["mse_rare"].high < found.facts["cross_entropy_rare"].low
    assert kept(Losses(imbalance=1), tmp_path).answer == "same"


def test_focal_loss_claims_less_than_cross_entropy(tmp_path) -> None:
    facts = kept(Losses(imbalance=1), tmp_path).facts
    assert facts["focal_sure"].value < facts["focal_accuracy"].value - 0.02
    assert facts["cross_entropy_sure"].value > facts["focal_sure"].value + 0.02


def test_the_cheapest_setting_computed_now_is_the_kept_one(tmp_path) -> None:
    lab = Lab(Store(tmp_path))
    now, then = Losses(imbalance=60, epochs=5).run(lab), kept(Losses(imbalance=60, epochs=5), tmp_path)
    assert now.answer == then.answer == "weighted"
    assert now.facts["weighted_rare"].value == pytest.approx(then.facts["weighted_rare"].value, abs=0.05)
    layers = activations(Lab(Store(tmp_path)), "digits-cnn", inputs=False)
    zeros = np.concatenate([each.ravel() for each in layers.values()]) == 0
    expected = kept(Sparsity(model="digits-cnn"), tmp_path).facts["zeros"].value
    assert zeros.mean() == pytest.approx(expected, abs=1e-4)


def test_what_goes_into_a_relu_and_what_comes_out_belong_together(tmp_path) -> None:
    lab = Lab(Store(tmp_path))
    before = activations(lab, "digits-mlp", inputs=True)
    after = activations(lab, "digits-mlp", inputs=False)
    assert before.keys() == after.keys() == {"layers.1", "layers.3"}
    for name, values in before.items():
        np.testing.assert_allclose(np.maximum(values, 0), after[name], atol=1e-5)
    (live,) = Functions().run(lab).views
    assert [layer.shape for layer in live.layers] == [(2000,)] * 5


def test_losses_are_what_their_names_say() -> None:
    logits, classes = torch.tensor([[2.0] + [0.0] * 9, [0.0] * 10]), torch.tensor([0, 3])
    even = torch.ones(10)
    each = torch.nn.functional.cross_entropy(logits, classes, reduction="none")
    right_share = (-each).exp()
    assert float(focal(logits, classes, even)) == pytest.approx(float(((1 - right_share) ** 2 * each).mean()))
    assert float(weighted(logits, classes, even)) == pytest.approx(
        float(cross_entropy(logits, classes, even))
    )
    perfect = torch.eye(10) * 100
    assert all(float(loss(perfect, torch.arange(10), even)) == pytest.approx(0) for loss in LOSSES.values())


def test_rare_classes_are_thinned_out_and_others_left_alone(tmp_path) -> None:
    seen, _ = digits(Lab(Store(tmp_path)))
    fewer = seen.fewer((8,), 20)
    before, after = (np.bincount(each.classes.numpy(), minlength=10) for each in (seen, fewer))
    assert after[8] == before[8] // 20
    assert (np.delete(after, 8) == np.delete(before, 8)).all()


def test_networks_of_a_stack_learn_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(128, 64, generator=generator)
    data = Digits(pixels, (pixels[:, 0] > 0.5).long())
    stack = Stack(1, "relu", 3)
    start = [each[0].detach().clone() for each in stack.weights]
    train(stack, data, cross_entropy, 8)
    assert all((each[0] != first).any() for each, first in zip(stack.weights, start, strict=True))
    probabilities = stack.probabilities(data)
    assert probabilities.shape == (3, 128, 10) and not np.allclose(probabilities[0], probabilities[1])
    correct = probabilities.argmax(2) == data.classes.numpy()
    assert right(correct).value == pytest.approx(correct.mean())
    assert not surely_better(correct, correct)
