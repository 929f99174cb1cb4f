"""What X-rays, sensitivity and predictions come to, as plain data.

Fractions are 0–1, sizes bytes, errors relative squared ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.metrics.redundancy import Histogram
from edgeslim.studies.trial import Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a technique at a strength is predicted to do to one layer, or to all at once."""

    strength: float
    error: float
    saved: float | None
    """Part of a float32 weight's bits that storage saves, None where it saves none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPrediction(Prediction):
    technique: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPrediction(Prediction):
    layers: int
    """How many layers the technique changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPredictions:
    """By technique, for each of its strengths that fit the layer."""

    reach: float
    """The part of the network's last layers that depend on the layer."""
    techniques: Mapping[str, tuple[Prediction, ...]]
    best: BestPrediction | None
    """What saves most at an error within the tolerance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Energy by rank of a weight as a matrix with the sides `matrix`."""

    matrix: tuple[int, int]
    ranks: tuple[int, ...]
    energy: tuple[float, ...]
    """Of each of `ranks`."""
    effective_rank: float
    full_rank: int
    rank_for: Mapping[str, int]
    """By the share of the energy that it holds, such as '0.95'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """How alike a layer's filters are."""

    mean_largest_cosine: float
    alike_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNormScales:
    """Least, quartiles and largest, and the share below 5 % of the largest: channels that pruning can take first."""

    quantiles: tuple[float, ...]
    near_zero: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Activations:
    """The range of a layer's input, and the shares of exact zeros in it and after the activation function."""

    low: float
    high: float
    input_zeros: float
    output_zeros: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightXRay:
    """What a weight alone tells.

    `entropy` of its values in 2^bits equal bins over its range cannot be above `entropy_ceiling`, the lesser of the
    bits and log2 of how many weights there are: of a small layer's redundancy that part is of counting alone.
    """

    histogram: Histogram
    zeros: float
    entropy: float
    entropy_ceiling: float
    redundancy: float
    spectrum: Spectrum
    similarity: Similarity


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerXRay(WeightXRay):
    """One layer. `activations` and `predictions` are None without images, `predictions` also where no rule covers it."""

    name: str
    index: int
    op: str
    shape: tuple[int, ...]
    groups: int
    depthwise: bool
    params: int
    params_share: float
    macs: int
    macs_share: float
    bytes: int
    size_share: float
    batch_norm: BatchNormScales | None
    activations: Activations | None
    predictions: LayerPredictions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class XRayTotals:
    """Of the whole network; entropy, redundancy and zeros are means over all weights."""

    params: int
    macs: int
    bytes: int
    entropy: float
    redundancy: float
    zeros: float


@dataclass(frozen=True, slots=True, kw_only=True)
class XRay:
    """All layers, in graph order. `predictions`, by technique for the whole network, are None without images."""

    model: str
    model_sha256: str
    form: str
    bits: int
    bins: int
    alike: float
    """Filters whose cosine is above this say almost the same."""
    tolerance: float
    images: int
    layers: tuple[LayerXRay, ...]
    totals: XRayTotals
    predictions: Mapping[str, tuple[NetworkPrediction, ...]] | None

    @property
    def layer_predictions(self) -> dict[str, LayerPredictions]:
        """By the name of the layer, where there are any."""
        return {layer.name: layer.predictions for layer in self.layers if layer.predictions is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedChange:
    """A measure's change on the same images, with its 95 % interval."""

    delta: float
    ci95: Bounds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerInfo:
    name: str
    index: int
    op: str
    shape: tuple[int, ...]
    depthwise: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueSensitivity:
    """Layer → what changing it alone does; layers that the technique leaves alone are missing."""

    technique: str
    strength: float
    unit: str
    values: Mapping[str, float | PairedChange]
    ranks: Mapping[str, float]
    """1 for the most sensitive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """`measure` is 'output_error', or the primary metric, of which `values` are paired changes."""

    measure: str
    images: int
    model: str
    model_sha256: str
    layers: tuple[LayerInfo, ...]
    techniques: tuple[TechniqueSensitivity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueScore:
    """Predicted against measured errors of the layers (Spearman's rank correlation; None of too few pairs).

    `ratio` is the median of measured / predicted, `ratio_range` the 10th and 90th percentile: 1 is right, 0.1 ten
    times too pessimistic.
    """

    technique: str
    strength: float
    layers: int
    spearman: float | None
    p_value: float | None
    ratio: float | None
    ratio_range: Bounds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BestScore:
    """For how many of `layers` the technique that was predicted to pay most does so (`agree`), by measured errors
    within the tolerance.

    `promised` counts the layers for which anything was, `within_tolerance` those of them whose error then was.
    `loses` is the mean part of a layer's bits that following the prediction saves less than the best choice does; a
    predicted choice whose measured error is above the tolerance saves nothing.
    """

    layers: int
    agree: int
    promised: int
    within_tolerance: int
    loses: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerScores:
    techniques: tuple[TechniqueScore, ...]
    best: BestScore


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScore:
    """A trial: predicted error, share of the primary metric lost, and 1 - agreement."""

    number: int
    title: str
    predicted: float
    loss: float | None
    disagreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLeftOut:
    """A trial without a prediction: 'recovery' trains or corrects afterwards, of which the rule knows nothing; 'no_rule'
    has a step that it does not cover."""

    number: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Spearman's rank correlation over so many trials; None of too few."""

    trials: int
    spearman: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScores:
    trials: tuple[FileScore, ...]
    left_out: tuple[FileLeftOut, ...]
    loss: Correlation | None
    disagreement: Correlation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionScores:
    """An X-ray's predictions against what was measured; `files` is None without trials."""

    model: str
    images: int
    layers: LayerScores
    files: FileScores | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What a model's layers hold, what each technique does to each of them alone, and how right the predictions were."""

    xray: XRay
    sensitivity: Sensitivity
    scores: LayerScores
