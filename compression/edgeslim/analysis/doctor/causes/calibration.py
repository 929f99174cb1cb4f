"""Ranges measured on calibration images do not hold the values of the images that the file is used on."""

from __future__ import annotations

import numpy as np

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, judged, not_checked
from edgeslim.analysis.doctor.mends import place_of, static_int8
from edgeslim.analysis.doctor.quantized import Quantizer, with_ranges
from edgeslim.analysis.doctor.records import Evidence, Finding, Mend
from edgeslim.detections import Doubles, FloatArray
from edgeslim.steps.quantization.noise import run_all, with_outputs

NAME = "calibration"
MUCH = 0.01
"""Share of a tensor's values outside its range from which on it is suspected."""
UNLIKE = 3.0
"""So many times as often outside as on the calibration images: those are unlike the data."""


def look(case: Case) -> Finding:
    known = list(case.quantizers.values())
    if not known:
        return not_checked(NAME, "not_quantized")
    outside, ranges = _measured(case, known, case.tensors)
    worst = int(outside.argmax())
    evidence: Evidence = {
        "tensor": known[worst].tensor,
        "outside": float(outside[worst]),
        "low": known[worst].low,
        "high": known[worst].high,
        "seen_low": float(ranges[worst, 0]),
        "seen_high": float(ranges[worst, 1]),
        "tensors": int((outside >= MUCH).sum()),
        "all": len(known),
    }
    unlike = False
    if case.calibrating:
        there, _ = _measured(case, known, case.calibrating)
        evidence["calibrating"] = float(there[worst])
        unlike = outside[worst] >= UNLIKE * there[worst]
    if outside[worst] < MUCH:
        return cleared(NAME, "inside", **evidence)
    wider = {
        each.restored: (float(low), float(high)) for each, (low, high) in zip(known, ranges, strict=True)
    }
    reason = "unlike" if unlike else "clipped"
    return judged(NAME, case, with_ranges(case.file, wider), evidence, _mend(case, unlike), reason)


def _mend(case: Case, unlike: bool) -> Mend | None:
    if not unlike:
        return static_int8(case, calibration="minmax", images=64)
    recipe = case.recipe
    if recipe is None or all(place_of(recipe, step.name) is None for step in recipe.steps if step.needs):
        return Mend(kind="calibration", values={})
    return Mend(kind="calibration", recipe=recipe.record(), values={})


def _measured(case: Case, known: list[Quantizer], images: list[FloatArray]) -> tuple[Doubles, Doubles]:
    """Share of each tensor's values outside its range (T,), and the mean of its extremes by image (T, 2).

    In the network without any rounding, so that what is cut off before hides nothing.
    """
    floated = case.floated()
    outside, extremes = np.zeros(len(known)), np.zeros((len(known), 2))
    names = [each.restored for each in known]
    for values in run_all(with_outputs(floated, names), images, case.threads):
        for place, (each, value) in enumerate(zip(known, values, strict=True)):
            low, high = each.low - each.scale / 2, each.high + each.scale / 2
            outside[place] += np.mean((value < low) | (value > high))
            extremes[place] += float(value.min()), float(value.max())
    return outside / len(images), extremes / len(images)


CAUSES.add(Cause(NAME, look))
