"""Training of the sample models: network, dataset, epochs, learning rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from edgeslim.models import sample_networks as networks
from edgeslim.models.base import ModelSpec
from edgeslim.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTraining:
    """`build(name, seed)` returns the untrained network; `augment` as in TrainSettings; `epochs` is the default.

    `safetensors` False: the ONNX file alone holds the weights, so that all samples stay small.
    """

    name: str
    dataset: str
    spec: ModelSpec
    build: Callable[[str, int], nn.Module]
    outputs: tuple[str, ...]
    epochs: int
    learning_rate: float
    augment: bool
    safetensors: bool = True


SAMPLE_TRAININGS: Registry[SampleTraining] = Registry("sample model")

_EPOCHS = {"street-signs-large": 13, "street-signs-medium": 16, "street-signs-small": 16}

for _name in networks.SIZES:
    SAMPLE_TRAININGS.add(
        SampleTraining(
            name=_name,
            dataset="street-signs",
            spec=networks.street_sign_spec(),
            build=networks.street_sign_network,
            outputs=networks.OUTPUTS,
            epochs=_EPOCHS[_name],
            learning_rate=2e-3,
            augment=True,
            safetensors=_name != "street-signs-large",
        )
    )

for _name in networks.DIGIT_NETWORKS:
    SAMPLE_TRAININGS.add(
        SampleTraining(
            name=_name,
            dataset="digits",
            spec=networks.digit_spec(),
            build=networks.digit_network,
            outputs=("logits",),
            epochs=60,
            learning_rate=2e-3,
            augment=False,
        )
    )
