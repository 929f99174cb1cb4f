"""Predictions compared with measurements.

Layers: rank correlation (Spearman) of predicted and measured error, and the ratio between them. Files: the same over the
trials of a study, against lost accuracy and disagreement with the original.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.analysis.predictions import TOLERANCE, best_of
from edgeslim.analysis.results import (
    BestScore,
    Correlation,
    FileLeftOut,
    FileScore,
    FileScores,
    LayerPredictions,
    LayerScores,
    NetworkPrediction,
    Prediction,
    TechniqueScore,
    TechniqueSensitivity,
)
from edgeslim.studies.trial import Bounds, TrialResult

FEWEST = 4
"""Minimum number of pairs for a rank correlation."""
Strengths = dict[str, float]
Reader = Callable[[Mapping[str, Any]], Strengths]
ByStrength = Mapping[tuple[str, float], Prediction]


def score_layers(
    predictions: Mapping[str, LayerPredictions], measured: Sequence[TechniqueSensitivity]
) -> LayerScores:
    """An X-ray's predictions by layer against measured output errors."""
    predicted = {
        name: {
            (technique, option.strength): option
            for technique, options in layer.techniques.items()
            for option in options
        }
        for name, layer in predictions.items()
    }
    lines = []
    for each in measured:
        errors, key = _errors(each), (each.technique, each.strength)
        there = [name for name in errors if key in predicted.get(name, {})]
        promised = np.array([predicted[name][key].error for name in there])
        real = np.array([errors[name] for name in there])
        spearman, p_value = rank_correlation(promised, real)
        ratio, spread = _ratio(promised, real)
        lines.append(
            TechniqueScore(
                technique=each.technique,
                strength=each.strength,
                layers=len(there),
                spearman=spearman,
                p_value=p_value,
                ratio=ratio,
                ratio_range=spread,
            )
        )
    return LayerScores(techniques=tuple(lines), best=_best(predicted, measured))


def rank_correlation(
    predicted: Sequence[float] | np.ndarray, real: Sequence[float] | np.ndarray
) -> tuple[float | None, float | None]:
    """Spearman's rank correlation and its p-value; None of too few pairs, or where one side is all equal."""
    if len(predicted) < FEWEST or len(set(predicted)) == 1 or len(set(real)) == 1:
        return None, None
    from scipy.stats import spearmanr

    found = spearmanr(predicted, real)
    return float(found.statistic), float(found.pvalue)


def score_files(
    predictions: Mapping[str, Sequence[NetworkPrediction]], trials: Sequence[TrialResult]
) -> FileScores:
    """Trials of the model: predicted error (between strengths, interpolated) against what was measured."""
    scored: list[FileScore] = []
    left_out: list[FileLeftOut] = []
    for trial in trials:
        if not trial.recipe.steps:
            continue
        found = _promised(predictions, trial.recipe.steps)
        change, agreement = trial.figure("paired_delta"), trial.figure("agreement")
        if isinstance(found, float) and change is None and agreement is None:
            found = "not_measured"
        if isinstance(found, str):
            left_out.append(FileLeftOut(number=trial.number, title=trial.title, reason=found))
            continue
        scored.append(
            FileScore(
                number=trial.number,
                title=trial.title,
                predicted=found,
                loss=None if change is None else -change,
                disagreement=None if agreement is None else 1 - agreement,
            )
        )
    return FileScores(
        trials=tuple(scored),
        left_out=tuple(left_out),
        loss=_correlation([(line.predicted, line.loss) for line in scored]),
        disagreement=_correlation([(line.predicted, line.disagreement) for line in scored]),
    )


def _correlation(pairs: Sequence[tuple[float, float | None]]) -> Correlation | None:
    known = [(predicted, real) for predicted, real in pairs if real is not None]
    if not known:
        return None
    spearman, p_value = rank_correlation(*zip(*known, strict=True))
    return Correlation(trials=len(known), spearman=spearman, p_value=p_value)


def _bits_of_scheme(step: Mapping[str, Any]) -> Strengths:
    widths = {"binary": 1.0, "ternary": float(np.log2(3))}
    return {"low_bit_weights": widths.get(str(step.get("scheme")), float(step["bits"]))}


_READERS: dict[str, Reader] = {
    "magnitude_pruning": lambda step: {"magnitude_pruning": step["sparsity"]},
    "channel_pruning": lambda step: {"channel_pruning": step["ratio"]},
    "low_rank": lambda step: {"low_rank": 1 - step["keep"]},
    "low_bit_weights": _bits_of_scheme,
    "mixed_low_bit_weights": lambda step: {"low_bit_weights": step["average_bits"]},
    "weight_clustering": lambda step: {"weight_clustering": step["values"]},
    "static_int8": lambda step: {"int8_activations": 8.0, "low_bit_weights": 8.0},
    "robust_int8": lambda step: {"int8_activations": 8.0, "low_bit_weights": 8.0},
}
"""Step → techniques and strengths covered by the rule, from the step's JSON; all layers are assumed to get the same."""


def _promised(
    predictions: Mapping[str, Sequence[NetworkPrediction]], steps: Sequence[Mapping[str, Any]]
) -> float | str:
    """The predicted error of a recipe, or why there is none."""
    from edgeslim.steps import STEPS

    total = 0.0
    for step in steps:
        cls = STEPS.get(step["step"]) if step["step"] in STEPS else None
        if cls is not None and (cls.recovers or "train" in cls.needs):
            return "recovery"
        if step["step"] not in _READERS:
            return "no_rule"
        for technique, strength in _READERS[step["step"]](step).items():
            total += _between(predictions[technique], float(strength))
    return total


def _between(lines: Sequence[NetworkPrediction], strength: float) -> float:
    """The promised error at a strength: its logarithm is interpolated, and held at the ends."""
    ordered = sorted(lines, key=lambda line: line.strength)
    errors = np.log([max(line.error, 1e-12) for line in ordered])
    return float(np.exp(np.interp(strength, [line.strength for line in ordered], errors)))


def _errors(measured: TechniqueSensitivity) -> dict[str, float]:
    return {name: value for name, value in measured.values.items() if isinstance(value, float)}


def _ratio(predicted: np.ndarray, real: np.ndarray) -> tuple[float | None, Bounds | None]:
    known = (predicted > 0) & (real > 0)
    if not known.any():
        return None, None
    low, middle, high = np.quantile(real[known] / predicted[known], (0.1, 0.5, 0.9))
    return float(middle), (float(low), float(high))


def _best(predicted: Mapping[str, ByStrength], measured: Sequence[TechniqueSensitivity]) -> BestScore:
    """By layer, what was promised to pay most against what does."""
    real: dict[str, dict[str, list[Prediction]]] = {}
    for each in measured:
        for name, error in _errors(each).items():
            option = predicted.get(name, {}).get((each.technique, each.strength))
            if option is not None:
                line = Prediction(strength=each.strength, error=error, saved=option.saved)
                real.setdefault(name, {}).setdefault(each.technique, []).append(line)
    hits, promises, kept, lost = 0, 0, 0, []
    for name, options in real.items():
        promised = best_of(
            {
                technique: [predicted[name][technique, line.strength] for line in lines]
                for technique, lines in options.items()
            }
        )
        truth = best_of(options)
        hits += (promised and promised.technique) == (truth and truth.technique)
        gained = 0.0
        if promised is not None:
            promises += 1
            lines = options[promised.technique]
            line = next(each for each in lines if each.strength == promised.strength)
            kept += line.error <= TOLERANCE
            gained = (line.saved or 0.0) if line.error <= TOLERANCE else 0.0
        lost.append(((truth.saved or 0.0) if truth else 0.0) - gained)
    return BestScore(
        layers=len(real),
        agree=int(hits),
        promised=promises,
        within_tolerance=int(kept),
        loses=float(np.mean(lost)) if lost else None,
    )
