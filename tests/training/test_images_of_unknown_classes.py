"""Images of classes that a classifier does not know teach it nothing, and stop nothing; how many they are is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from edgeslim.datasets import Relabelled, open_dataset
from edgeslim.measurement.workload import make_workload
from edgeslim.models.catalogue import open_sample
from edgeslim.models.families.classifier import cross_entropy
from edgeslim.models.sample_networks import digit_network, digit_spec
from edgeslim.steps.images import training_images
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings


def test_the_loss_is_that_of_the_known_images_alone() -> None:
    logits = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    spec = digit_spec()
    some = float(cross_entropy([logits], [3, None, 7, None], spec))
    assert some == pytest.approx(float(cross_entropy([logits[[0, 2]]], [3, 7], spec)), rel=1e-6)
    assert float(cross_entropy([logits], [None] * 4, spec)) == 0.0


def test_training_goes_on_and_the_study_says_how_many_images_teach_nothing() -> None:
    data, model = open_dataset("digits"), open_sample("digits-mlp")
    labels = tuple("unknown" if name == data.labels[0] else name for name in model.spec.labels)
    knows_nine = dataclasses.replace(model, spec=dataclasses.replace(model.spec, labels=labels))
    work = make_workload(knows_nine, data)
    taught = work.data.train
    assert isinstance(taught, Relabelled)
    zeros = sum(data.split("train").target(place) == 0 for place in range(len(taught)))
    (notice,) = [each for each in work.notices if each.code == "images_teach_nothing"]
    assert (notice.values["count"], notice.values["total"]) == (zeros, len(taught))
    settings = TrainSettings(steps=6, batch=32, learning_rate=1e-3, warmup_steps=1, augment=False)
    log = train(digit_network("digits-mlp"), training_images(taught, "fine_tuning"), digit_spec(), settings)
    assert np.isfinite(log.final_loss)
