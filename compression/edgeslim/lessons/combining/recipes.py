"""The network and the steps that this lesson combines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Fact
from edgeslim.lessons.views import Axis, Bars, Series

if TYPE_CHECKING:
    from edgeslim.steps import Step

NETWORK = "digits-cnn"
UPDATES = 100
ACCURACY = Axis(name="accuracy", unit="share")


def prune(share: float) -> Step:
    from edgeslim.steps.pruning.magnitude import MagnitudePruning

    return MagnitudePruning(sparsity=share)


def cut_channels(share: float) -> Step:
    """Whole channels worth that share of the parameters."""
    from edgeslim.steps.pruning.channels import ChannelPruning

    return ChannelPruning(ratio=share, target="parameters", round_to=1, max_ratio=0.95)


def train() -> Step:
    from edgeslim.steps.recovery.fine_tuning import FineTuning

    return FineTuning(steps=UPDATES)


def share_values(values: int) -> Step:
    from edgeslim.steps.clustering.weight_clustering import WeightClustering

    return WeightClustering(values=values)


def accuracy_bars(found: Mapping[str, Mapping[str, Fact]]) -> Bars:
    quality = [facts["quality"] for facts in found.values()]
    return Bars(
        y=ACCURACY,
        groups=tuple(found),
        series=(
            Series(
                name="accuracy",
                y=tuple(fact.value for fact in quality),
                low=tuple(fact.low or 0 for fact in quality),
                high=tuple(fact.high or 0 for fact in quality),
            ),
        ),
    )


def size_bars(found: Mapping[str, Mapping[str, Fact]]) -> Bars:
    return Bars(
        y=Axis(name="size", unit="bytes"),
        groups=tuple(found),
        series=tuple(
            Series(name=size, y=tuple(facts[size].value for facts in found.values()))
            for size in ("file", "download")
        ),
    )


def flat(found: Mapping[str, Mapping[str, Fact]]) -> dict[str, Fact]:
    """All facts, each by the name of its file and its own."""
    return {f"{name}_{figure}": fact for name, facts in found.items() for figure, fact in facts.items()}
