"""What entropy says of a network, and what not: trained against random weights, and layers against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.predictions import Choice, Door
from edgeslim.lessons.redundancy.codes import codes_of
from edgeslim.lessons.views import Axis, Bars, Counts, Histogram, Lines, Series
from edgeslim.params import param

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgeslim.detections import Doubles
    from edgeslim.lessons.lab import Lab

SEEDS = 10
MODELS = ("street-signs-small", "street-signs-medium", "digits-cnn", "digits-mlp")
DETECTORS = MODELS[:2]
BITS = 8
SMALLEST = 1000
"""Entropy is at most log2 of the number of weights; smaller layers would show their size instead."""
CALIBRATION = 8
REACH, BINS = 5.0, 60
"""The histograms' range, in standard deviations of each layer, and their bins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained(Experiment):
    """The same network before and after training: the entropy of its weights at 8 bits."""

    name = "trained"
    uses = MODELS
    predicts = Choice(options=("trained", "random", "same"))

    model: str = param(MODELS[0], choices=MODELS)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.metrics.bootstrap import resampled_mean
        from edgeslim.metrics.redundancy import entropy

        trained = _training_weights(lab, self.model)
        untrained = [_untrained(self.model, seed) for seed in range(SEEDS)]
        learned = np.array([entropy(weight, BITS) for weight in trained])
        drawn = np.array([[entropy(weight, BITS) for weight in network] for network in untrained])
        size = np.array([weight.size for weight in trained])
        random = (drawn * size).sum(1) / size.sum()
        # One value for each layer, so the interval says what other layers of this kind would give.
        difference = resampled_mean(drawn.mean(0) - learned)
        low, high = difference.paired_ci95 or (0.0, 0.0)
        found = {
            "trained": Fact(value=float((learned * size).sum() / size.sum()), unit="bits"),
            "random": _over_seeds(random),
        }
        return Outcome(
            facts={
                **found,
                "difference": Fact(value=difference.value, unit="bits", low=low, high=high),
                "coded_trained": Fact(value=_coded(trained), unit="bytes"),
                "coded_random": Fact(value=_coded(untrained[0]), unit="bytes"),
                "layers": Fact(value=len(trained), unit="count"),
            },
            views=(
                Histogram(
                    x=Axis(name="deviations"),
                    edges=tuple(np.linspace(-REACH, REACH, BINS + 1).tolist()),
                    series=(
                        Counts(name="trained", counts=_shape(trained)),
                        Counts(name="random", counts=_shape(untrained[0])),
                    ),
                ),
                Bars(
                    y=Axis(name="bits_per_weight", unit="bits"),
                    groups=tuple(found),
                    series=(Series(name="entropy", y=tuple(fact.value for fact in found.values())),),
                ),
            ),
            on=MeasuredOn(model=self.model),
            answer="random" if low > 0 else "trained" if high < 0 else "same",
        )


TESTS = ("prune", "round", "code")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers(Experiment):
    """Does a layer's entropy tell what it can spare? Each layer alone is pruned, rounded, or coded without loss."""

    name = "layers"
    uses = DETECTORS
    predicts = Choice(options=("high", "low", "neither"))

    test: str = param("prune", choices=TESTS)
    model: str = param(DETECTORS[0], choices=DETECTORS)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.metrics.redundancy import entropy

        weights, cost = _costs(lab, self.model, self.test)
        entropies = np.array([entropy(weight, BITS) for weight in weights])
        correlation, (low, high) = _correlation(entropies, cost)
        return Outcome(
            facts={
                "correlation": Fact(value=correlation, low=low, high=high),
                "layers": Fact(value=len(weights), unit="count"),
                "least": Fact(value=float(entropies.min()), unit="bits"),
                "most": Fact(value=float(entropies.max()), unit="bits"),
            },
            views=(
                Lines(
                    x=Axis(name="bits_per_weight", unit="bits"),
                    y=Axis(name="coded", unit="share")
                    if self.test == "code"
                    else Axis(name="damage", log=True),
                    series=(Series(name="layer", x=tuple(entropies.tolist()), y=tuple(cost.tolist())),),
                    marks=True,
                ),
            ),
            on=MeasuredOn(
                model=self.model,
                dataset="street-signs",
                images=0 if self.test == "code" else CALIBRATION,
            ),
            # The cost rises with entropy: what has low entropy can spare more.
            answer="low" if low > 0 else "high" if high < 0 else "neither",
        )

    def door(self) -> Door:
        return in_lab(self.model)


def _costs(lab: Lab, model: str, test: str) -> tuple[list[NDArray[np.float32]], Doubles]:
    """The larger layers' weights, and for each what is left of it by coding, or the error that its change makes."""
    import numpy as np
    import onnx

    from edgeslim.lessons.redundancy.arithmetic import encode
    from edgeslim.steps.images import calibration_images, prepared
    from edgeslim.steps.onnx_layers.layers import array_of, weight_layers
    from edgeslim.steps.onnx_layers.sensitivity import disturbances

    workload = lab.workload(model)
    graph = onnx.load(lab.store.path(lab.make(model).sha256))
    every = weight_layers(graph)
    layers = [layer for layer in every if layer.size >= SMALLEST]
    weights = [array_of(graph, layer.name) for layer in layers]
    if test == "code":
        left = [len(encode(codes_of([weight], BITS), BITS)) / weight.size for weight in weights]
        return weights, np.array(left)
    change = _half_pruned if test == "prune" else _three_bits
    changed = {
        layer.name: {layer.name: change(weight)} for layer, weight in zip(layers, weights, strict=True)
    }
    untouched = {layer.name: {layer.name: array_of(graph, layer.name)} for layer in every}
    split = calibration_images(workload.data.calibration, "layers")
    images = prepared(split, workload.model.spec, CALIBRATION)
    found = disturbances(graph, every, untouched | changed, images, threads=2, progress=lab.progress)
    return weights, np.array([found[layer.name] for layer in layers])


def _half_pruned(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    size = np.abs(weight)
    return np.where(size < np.median(size), np.float32(0), weight)


def _three_bits(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each weight at the middle of one of eight equal bins."""
    import numpy as np

    from edgeslim.metrics.redundancy import places

    low, high = float(weight.min()), float(weight.max())
    middles = low + (places(weight, 8) + 0.5) * (high - low) / 8
    return middles.reshape(weight.shape).astype(np.float32)


def _correlation(one: Doubles, other: Doubles) -> tuple[float, tuple[float, float]]:
    """Spearman's rank correlation, with the bootstrap's interval over layers."""
    import numpy as np
    from scipy.stats import spearmanr

    from edgeslim.metrics.bootstrap import interval

    def correlation(rows: NDArray[np.int64]) -> float:
        return float(spearmanr(one[rows], other[rows]).statistic)

    rows = np.arange(len(one))
    drawn = np.random.default_rng(0).integers(0, len(one), (1000, len(one)))
    found = interval(np.array([correlation(each) for each in drawn]))
    assert found is not None, "layers differ"
    return correlation(rows), found


def _over_seeds(values: Doubles) -> Fact:
    from edgeslim.metrics.bootstrap import resampled_mean

    mean = resampled_mean(values)
    low, high = mean.ci95 or (mean.value, mean.value)
    return Fact(value=mean.value, unit="bits", low=low, high=high)


def _training_weights(lab: Lab, model: str) -> list[NDArray[np.float32]]:
    """The trained weights before BatchNorm is folded into them, as the untrained ones are."""
    import onnx

    from edgeslim.steps.onnx_layers.layers import array_of, weight_layers

    graph = onnx.load(lab.workload(model).model.path)
    return [array_of(graph, layer.name) for layer in weight_layers(graph)]


def _untrained(model: str, seed: int) -> list[NDArray[np.float32]]:
    from edgeslim.training.samples import SAMPLE_TRAININGS

    network = SAMPLE_TRAININGS.get(model).build(model, seed)
    return [value.detach().numpy() for value in network.parameters() if value.ndim > 1]


def _coded(weights: list[NDArray[np.float32]]) -> float:
    from edgeslim.lessons.redundancy.arithmetic import encode

    return float(len(encode(codes_of(list(weights), BITS), BITS)))


def _shape(weights: list[NDArray[np.float32]]) -> tuple[float, ...]:
    """Counts of all weights, each in standard deviations of its layer."""
    import numpy as np

    scaled = np.concatenate([(weight / weight.std()).ravel() for weight in weights])
    return tuple(np.histogram(np.clip(scaled, -REACH, REACH), BINS, (-REACH, REACH))[0].tolist())
