"""Tensors of very different ranges are joined before they are rounded: the smaller one has few levels left, or none.

So detectors go blind whose only output holds boxes in pixels beside scores below 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, judged, not_checked
from edgeslim.analysis.doctor.mends import robust_int8, static_int8
from edgeslim.analysis.doctor.quantized import LEVELS, Quantizer, without
from edgeslim.analysis.doctor.records import Evidence, Finding
from edgeslim.models.graph import producers
from edgeslim.steps.quantization.noise import run_all, with_outputs

NAME = "shared_scale"
FEW = 32
"""A part that has so few levels, of 256, is suspected."""


@dataclass(frozen=True, slots=True)
class _Joined:
    quantizer: Quantizer
    parts: tuple[str, ...]


def look(case: Case) -> Finding:
    known = case.quantizers
    if not known:
        return not_checked(NAME, "not_quantized")
    joined = _joined(case, known)
    if not joined:
        return cleared(NAME, "nothing_joined")
    spans = _spans(case, [part for each in joined for part in each.parts])
    levels = {
        (each.quantizer.restored, part): spans[part] / each.quantizer.scale
        for each in joined
        for part in each.parts
    }
    (least, part) = min(levels, key=lambda pair: levels[pair])
    worst = next(each for each in joined if each.quantizer.restored == least)
    evidence: Evidence = {
        "tensor": worst.quantizer.tensor,
        "part": part,
        "step": worst.quantizer.scale,
        "span": spans[part],
        "others": max(spans[other] for other in worst.parts),
        "levels": round(levels[least, part], 1),
        "all": LEVELS + 1,
    }
    if levels[least, part] >= FEW:
        return cleared(NAME, "enough_levels", **evidence)
    narrow = {name for (name, _), count in levels.items() if count < FEW}
    # Parts that were brought to the same scale before they were joined are rounded as coarsely.
    scales = {known[name].scale for name in narrow}
    parts = {part for each in joined if each.quantizer.restored in narrow for part in each.parts}
    names = narrow | {name for name in parts & set(known) if known[name].scale in scales}
    repaired = without(case.file, [known[name] for name in names])
    mend = static_int8(case, keep_float="outputs") or robust_int8(case)
    return judged(NAME, case, repaired, evidence, mend)


def _joined(case: Case, known: dict[str, Quantizer]) -> list[_Joined]:
    """Tensors that are rounded right after several were joined."""
    made = producers(case.file.graph)
    found = []
    for each in known.values():
        node = made.get(each.tensor)
        if node is not None and node.op_type == "Concat" and len(set(node.input)) > 1:
            computed = tuple(name for name in dict.fromkeys(node.input) if name in made)
            if len(computed) > 1:
                found.append(_Joined(each, computed))
    return found


def _spans(case: Case, names: list[str]) -> dict[str, float]:
    """Highest less lowest value of each tensor before it was rounded, zero included."""
    floated = case.floated()
    names = list(dict.fromkeys(names))
    runs = list(run_all(with_outputs(floated, names), case.tensors, case.threads))
    lows = [min(0.0, *(float(run[place].min()) for run in runs)) for place in range(len(names))]
    highs = [max(0.0, *(float(run[place].max()) for run in runs)) for place in range(len(names))]
    return {name: high - low for name, low, high in zip(names, lows, highs, strict=True)}


CAUSES.add(Cause(NAME, look))
