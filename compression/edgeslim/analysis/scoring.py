"""Predictions compared with measurements.

Layers: rank correlation (Spearman) of predicted and measured error, and the ratio between them. Files: the same over the
trials of a study, against lost accuracy and disagreement with the original.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.analysis.predictions import TOLERANCE, best_of
from edgeslim.steps import STEPS

FEWEST = 4
"""Minimum number of pairs for a rank correlation."""
Strengths = dict[str, float]
Reader = Callable[[Mapping[str, Any]], Strengths]


def score_predictions(
    xray: Mapping[str, Any],
    sensitivity: Mapping[str, Any] | None = None,
    trials: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """`layers` (given measured output errors) and `files` (given trials' JSON); None of what was not given."""
    return {
        "layers": None if sensitivity is None else score_layers(xray, sensitivity),
        "files": None if trials is None else score_files(xray, trials),
    }


def score_layers(xray: Mapping[str, Any], sensitivity: Mapping[str, Any]) -> dict[str, Any]:
    """By technique and strength: layers, spearman with its p-value, and the ratio measured / predicted.

    `ratio` is the median, `ratio_range` the 10th and 90th percentile: 1 is right, 0.1 ten times too pessimistic.
    `best` counts the layers for which the predicted technique is the one that pays most by the measured errors.
    """
    predicted = _by_layer(xray)
    lines = []
    for each in sensitivity["techniques"]:
        key = (each["technique"], each["strength"])
        there = [name for name in each["values"] if key in predicted.get(name, {})]
        promised = np.array([predicted[name][key]["error"] for name in there])
        real = np.array([each["values"][name] for name in there])
        lines.append(
            {
                "technique": key[0],
                "strength": key[1],
                "layers": len(there),
                **correlation(promised, real),
                **_ratio(promised, real),
            }
        )
    return {"techniques": lines, "best": _best(xray, sensitivity, predicted)}


def correlation(
    predicted: Sequence[float] | np.ndarray, real: Sequence[float] | np.ndarray
) -> dict[str, Any]:
    """Spearman's rank correlation and its p-value; None for too few pairs, or if all values of one side are equal."""
    if len(predicted) < FEWEST or len(set(predicted)) == 1 or len(set(real)) == 1:
        return {"spearman": None, "p_value": None}
    from scipy.stats import spearmanr

    found = spearmanr(predicted, real)
    return {"spearman": float(found.statistic), "p_value": float(found.pvalue)}


def score_files(xray: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Trials of the model: predicted error (interpolated between strengths) against measurements.

    `trials`: number, title, predicted, loss (lost part of the primary metric), disagreement (1 - agreement).
    `left_out`: number, title and reason: 'recovery' for recipes that train or correct afterwards, which the rule does not
    cover, 'no_rule' for steps that it does not cover, 'not_measured'.
    """
    told, left_out = [], []
    for trial in trials:
        if not trial["recipe"]["steps"]:
            continue
        reason, predicted = _promised(xray, trial["recipe"]["steps"])
        loss = (trial.get("accuracy") or {}).get("paired_delta")
        agreement = (trial.get("fidelity") or {}).get("agreement")
        if predicted is not None and loss is None and agreement is None:
            reason = "not_measured"
        line = {"number": trial["number"], "title": trial["title"]}
        if reason is not None:
            left_out.append({**line, "reason": reason})
            continue
        told.append(
            {
                **line,
                "predicted": predicted,
                "loss": None if loss is None else -loss,
                "disagreement": None if agreement is None else 1 - agreement,
            }
        )
    scores = {}
    for name in ("loss", "disagreement"):
        pairs = [(line["predicted"], line[name]) for line in told if line[name] is not None]
        scores[name] = (
            {"trials": len(pairs), **correlation(*map(list, zip(*pairs, strict=True)))} if pairs else None
        )
    return {"trials": told, "left_out": left_out, **scores}


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


def _promised(xray: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> tuple[str | None, float | None]:
    total = 0.0
    for step in steps:
        cls = STEPS.get(step["step"]) if step["step"] in STEPS else None
        if cls is not None and (cls.recovers or "train" in cls.needs):
            return "recovery", None
        if step["step"] not in _READERS:
            return "no_rule", None
        for technique, strength in _READERS[step["step"]](step).items():
            total += _between(xray["predictions"][technique], float(strength))
    return None, total


def _between(lines: Sequence[Mapping[str, Any]], strength: float) -> float:
    """The predicted error at a strength, log-interpolated and constant beyond the ends."""
    ordered = sorted(lines, key=lambda line: float(line["strength"]))
    errors = np.log([max(line["error"], 1e-12) for line in ordered])
    return float(np.exp(np.interp(strength, [line["strength"] for line in ordered], errors)))


def _by_layer(xray: Mapping[str, Any]) -> dict[str, dict[tuple[str, float], Mapping[str, Any]]]:
    return {
        line["name"]: {
            (technique, option["strength"]): option
            for technique, options in line["predictions"]["techniques"].items()
            for option in options
        }
        for line in xray["layers"]
        if line.get("predictions")
    }


def _ratio(predicted: np.ndarray, real: np.ndarray) -> dict[str, Any]:
    known = (predicted > 0) & (real > 0)
    if not known.any():
        return {"ratio": None, "ratio_range": None}
    low, middle, high = np.quantile(real[known] / predicted[known], (0.1, 0.5, 0.9))
    return {"ratio": float(middle), "ratio_range": [float(low), float(high)]}


def _best(
    xray: Mapping[str, Any],
    sensitivity: Mapping[str, Any],
    predicted: Mapping[str, Mapping[tuple[str, float], Mapping[str, Any]]],
) -> dict[str, Any]:
    """For how many layers the technique predicted to save most is the one that does, by measured errors.

    `promised` counts the layers with a prediction, `within_tolerance` those of them whose measured error is within the
    tolerance. `loses` is the mean share of a layer's bits that following the predictions saves less than the best choice;
    a predicted choice whose measured error exceeds the tolerance saves nothing.
    """
    real: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for each in sensitivity["techniques"]:
        for name, error in each["values"].items():
            option = predicted.get(name, {}).get((each["technique"], each["strength"]))
            if option is not None:
                line = {"strength": each["strength"], "error": error, "saved": option["saved"]}
                real.setdefault(name, {}).setdefault(each["technique"], []).append(line)
    hits, promises, kept, lost = 0, 0, 0, []
    for name, measured in real.items():
        promised = best_of(
            {
                technique: [predicted[name][technique, option["strength"]] for option in options]
                for technique, options in measured.items()
            }
        )
        truth = best_of(measured)
        hits += (promised or {}).get("technique") == (truth or {}).get("technique")
        gained = 0.0
        if promised is not None:
            promises += 1
            option = next(o for o in measured[promised["technique"]] if o["strength"] == promised["strength"])
            kept += option["error"] <= TOLERANCE
            gained = option["saved"] if option["error"] <= TOLERANCE else 0.0
        lost.append((truth["saved"] if truth else 0.0) - gained)
    return {
        "layers": len(real),
        "agree": int(hits),
        "promised": promises,
        "within_tolerance": int(kept),
        "loses": float(np.mean(lost)) if lost else None,
    }
