"""The loop: it learns, resumes to the same weights, keeps zeros, refuses what it cannot train."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeslim.datasets import open_dataset
from edgeslim.errors import ModelError, RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.sample_networks import digit_network, digit_spec
from edgeslim.training.data import Examples, SplitExamples
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings, learning_rate
from edgeslim.training.weights import ZerosStay

SETTINGS = TrainSettings(
    steps=60, batch=16, learning_rate=3e-3, warmup_steps=5, seed=3, ema_decay=0.9, augment=False
)


@pytest.fixture(scope="module")
def digits() -> Examples:
    split = open_dataset("digits").split("calibration")
    pixels, targets = SplitExamples(split, digit_spec()).take(np.arange(len(split)))
    return Examples(pixels, tuple(targets))


def _weights(module: nn.Module) -> list[np.ndarray]:
    return [value.numpy().copy() for value in module.state_dict().values()]


def _accuracy(module: nn.Module, examples: Examples) -> float:
    pixels = torch.from_numpy(examples.pixels).float().permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        found = module.eval()(pixels).argmax(dim=1).numpy()
    return float(np.mean(found == np.array(examples.targets)))


def test_training_learns_the_digits_it_sees(digits: Examples) -> None:
    network = digit_network("digits-mlp")
    before = _accuracy(network, digits)
    log = train(network, digits, digit_spec(), dataclasses.replace(SETTINGS, steps=120))
    assert before < 0.3
    assert _accuracy(network, digits) > 0.9
    assert log.final_loss < log.rows[0]["loss"] / 2


def test_equal_seeds_give_equal_weights_and_other_seeds_do_not(digits: Examples) -> None:
    results = []
    for seed in (1, 1, 2):
        network = digit_network("digits-cnn")
        train(network, digits, digit_spec(), dataclasses.replace(SETTINGS, steps=8, seed=seed))
        results.append(_weights(network))
    assert all(np.array_equal(a, b) for a, b in zip(results[0], results[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(results[0], results[2], strict=True))


def test_a_broken_off_run_goes_on_to_the_same_weights(digits: Examples, tmp_path: Path) -> None:
    whole = digit_network("digits-mlp")
    train(whole, digits, digit_spec(), SETTINGS)

    class Stop(Exception):
        pass

    def stop_at_20(message: str, done: int, total: int) -> None:
        if message == "training" and done == 20:
            raise Stop

    checkpoint = tmp_path / "run.pt"
    with pytest.raises(Stop):
        train(
            digit_network("digits-mlp"),
            digits,
            digit_spec(),
            SETTINGS,
            progress=stop_at_20,
            checkpoint=checkpoint,
        )
    resumed = digit_network("digits-mlp", seed=99)
    log = train(resumed, digits, digit_spec(), SETTINGS, checkpoint=checkpoint)
    assert all(np.array_equal(a, b) for a, b in zip(_weights(whole), _weights(resumed), strict=True))
    assert [row["step"] for row in log.rows] == [8, 16, 24, 32, 40, 48, 56, 60]


def test_weights_that_are_zero_stay_zero_only_when_asked(digits: Examples) -> None:
    for keep in (True, False):
        network = digit_network("digits-mlp")
        first = next(m for m in network.modules() if isinstance(m, nn.Linear))
        with torch.no_grad():
            first.weight[:, 28:30] = 0.0
        train(network, digits, digit_spec(), SETTINGS, observer=ZerosStay(network) if keep else None)
        moved = int((first.weight[:, 28:30] != 0).any(dim=1).sum())
        assert moved == 0 if keep else moved > 100


def test_a_family_without_loss_is_refused_with_a_remedy(digits: Examples) -> None:
    spec = ModelSpec(family="end_to_end", input_width=8, input_height=8)
    with pytest.raises(RecipeError, match="end_to_end") as caught:
        train(digit_network("digits-mlp"), digits, spec, SETTINGS)
    assert caught.value.code == "family_without_loss"


def test_a_loss_that_is_no_number_ends_the_run(digits: Examples) -> None:
    network = digit_network("digits-mlp")
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    with pytest.raises(RecipeError) as caught:
        train(network, digits, digit_spec(), SETTINGS)
    assert caught.value.code == "training_diverged"


def test_a_checkpoint_that_is_none_is_refused(digits: Examples, tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match=r"run\.pt"):
        train(digit_network("digits-mlp"), digits, digit_spec(), SETTINGS, checkpoint=path)


def test_learning_rate_warms_up_and_falls_to_two_percent() -> None:
    settings = TrainSettings(steps=100, learning_rate=1.0, warmup_steps=10)
    rates = [learning_rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.02, abs=1e-3)
    assert all(a >= b for a, b in pairwise(rates[10:]))
