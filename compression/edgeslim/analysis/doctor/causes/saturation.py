"""8-bit weights saturate on x86 without VNNI in a plain session: the file is another one there (decision 0010)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.analysis.doctor import saturating
from edgeslim.analysis.doctor.case import Case, change
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, not_checked
from edgeslim.analysis.doctor.mends import ROBUST, changed_step, place_of, static_int8, with_step
from edgeslim.analysis.doctor.records import Evidence, Finding, Mend
from edgeslim.detections import Detections
from edgeslim.metrics.fidelity import agreement, signal_and_noise, sqnr_db
from edgeslim.ort import open_session, saturates
from edgeslim.sessions import Tensor
from edgeslim.tasks import task_for

NAME = "saturation"
CLEAR = 40.0
"""dB between exact and saturated outputs from which on nobody would see a difference."""


def look(case: Case) -> Finding:
    layers = [layer for layer in case.layers if layer.data is not None]
    if not layers:
        return not_checked(NAME, "not_quantized")
    open_to_it = [layer for layer in layers if saturating.able(layer)]
    largest = max(int(abs(layer.codes.astype(int)).max()) for layer in layers)
    if not open_to_it:
        return cleared(NAME, "seven_bits", layers=len(layers), largest=largest)
    outputs, counts = saturating.run(
        case.file, case.layers, [each.tensor for each in case.inputs], case.threads
    )
    evidence: Evidence = {
        "layers": counts.layers,
        "all": len(layers),
        "saturated": counts.saturated,
        "pairs": counts.pairs,
        "largest": counts.largest,
        "here": int(saturates()),
    }
    if not counts.saturated:
        return cleared(NAME, "never", **evidence)
    task = task_for(case.spec)
    there = [task.decode(made, image, case.spec) for made, image in zip(outputs, case.inputs, strict=True)]
    moved = change(case.file_score, case.score(there))
    sqnr = _sqnr(case, outputs)
    evidence["sqnr"] = sqnr
    boxes = [[each for each in made if isinstance(each, Detections)] for made in (case.after, there)]
    if boxes[0]:
        fates, _ = agreement(boxes[0], boxes[1])
        changed = sum(fates[each] for each in ("moved", "relabelled", "lost"))
        evidence |= {"changed": changed, "boxes": fates["kept"] + changed, "gained": fates["gained"]}
    return Finding(
        cause=NAME,
        verdict="found" if sqnr < CLEAR else "cleared",
        reason="here" if saturates() else "elsewhere",
        evidence=evidence,
        back=moved,
        elsewhere=True,
        mend=_mend(case),
    )


def _sqnr(case: Case, saturated: Sequence[Sequence[Tensor]]) -> float:
    session = open_session(case.file, case.threads)
    pairs = zip(case.inputs, saturated, strict=True)
    powers = [signal_and_noise(session.run(image.tensor), other) for image, other in pairs]
    return round(sqnr_db(np.sum(powers, axis=0))[0], 1)


def _mend(case: Case) -> Mend | None:
    """7-bit weights, whose sums of two products fit."""
    found = static_int8(case, reduce_range="on")
    if found is None and case.recipe is not None and (place := place_of(case.recipe, ROBUST)) is not None:
        step = changed_step(case.recipe.steps[place], processor="x86")
        return with_step(case.recipe, place, step, {"processor": "x86"})
    return found


CAUSES.add(Cause(NAME, look))
