"""A run ends with its best epoch's weights: early, when somebody stops it, and after it was broken off."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeslim.models.sample_networks import digit_network, digit_spec
from edgeslim.training.best import KeepBest, epochs_since_best
from edgeslim.training.data import Examples
from edgeslim.training.loop import TrainLog, train
from edgeslim.training.optimizer import optimizer_of
from edgeslim.training.settings import TrainSettings

SETTINGS = TrainSettings(steps=40, batch=8, learning_rate=1e-3, warmup_steps=2, augment=False)
SCORES = (0.1, 0.5, 0.3, 0.3, 0.2, 0.9, 0.1, 0.1)
RANDOM = np.random.default_rng(0)
EXAMPLES = Examples(
    RANDOM.integers(0, 255, (16, *digit_spec().input_shape[2:], 1), np.uint8),
    tuple(int(label) for label in RANDOM.integers(0, 10, 16)),
)


def run(network: nn.Module, patience: int, seen: list[torch.Tensor], **given: object) -> TrainLog:
    """Two updates an epoch; each epoch's score is of SCORES. `seen` gets the first weights of each epoch."""
    scores: Iterator[float] = iter(SCORES[len(seen) :])

    def score(module: nn.Module) -> dict[str, float]:
        seen.append(next(module.parameters()).detach().clone())
        return {"mAP": next(scores)}

    best = KeepBest(figure="mAP", patience=patience)
    settings = dataclasses.replace(SETTINGS, steps=2 * len(SCORES))
    return train(network, EXAMPLES, digit_spec(), settings, evaluate=score, best=best, **given)  # type: ignore[arg-type]


def test_a_run_without_patience_ends_early_with_its_best_weights() -> None:
    network, seen = digit_network("digits-mlp"), list[torch.Tensor]()
    log = run(network, 3, seen)
    assert (log.ended, len(log.rows)) == ("early", 5)
    assert torch.equal(next(network.parameters()), seen[1])
    assert epochs_since_best(SCORES[:5]) == 3


def test_a_patient_run_goes_on_to_a_later_best_epoch() -> None:
    network, seen = digit_network("digits-mlp"), list[torch.Tensor]()
    log = run(network, 4, seen)
    assert (log.ended, len(log.rows)) == ("complete", 8)
    assert torch.equal(next(network.parameters()), seen[5])


def test_a_stopped_run_keeps_its_best_weights_and_goes_on_from_there(tmp_path: Path) -> None:
    network, seen = digit_network("digits-mlp"), list[torch.Tensor]()
    told: list[int] = []
    log = run(
        network,
        9,
        seen,
        checkpoint=tmp_path / "run.pt",
        stopped=lambda: len(seen) == 3,
        told=lambda rows: told.append(len(rows)),
    )
    assert (log.ended, len(log.rows), told) == ("stopped", 3, [1, 2, 3])
    assert torch.equal(next(network.parameters()), seen[1])
    again = digit_network("digits-mlp")
    assert run(again, 9, seen, checkpoint=tmp_path / "run.pt").ended == "complete"
    assert len(seen) == 8 and torch.equal(next(again.parameters()), seen[5])
    whole, others = digit_network("digits-mlp"), list[torch.Tensor]()
    run(whole, 9, others)
    assert torch.equal(next(whole.parameters()), next(again.parameters())), "as if it had never been stopped"


def test_kept_layers_learn_at_their_part_of_the_rate() -> None:
    network = digit_network("digits-mlp")
    first = next(name for name, _ in network.named_parameters())
    groups = optimizer_of(network, SETTINGS, {first: 0.25}).param_groups
    parts = {id(parameter): group["factor"] for group in groups for parameter in group["params"]}
    assert {name: parts[id(each)] for name, each in network.named_parameters()}[first] == 0.25
    assert len(parts) == len(list(network.parameters())) and sorted(set(parts.values())) == [0.25, 1.0]
