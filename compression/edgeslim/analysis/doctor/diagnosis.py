"""All causes, tried on one file; kept by everything that decides the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from edgeslim.analysis.doctor import causes as causes
from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, not_checked
from edgeslim.analysis.doctor.records import Diagnosis, Finding
from edgeslim.analysis.records import key_of
from edgeslim.artifacts.store import Store
from edgeslim.records import decoded, encoded

DIAGNOSES = "diagnoses"
"""Record kind in the store."""
WITHOUT_LOSS = ("specification", "saturation", "threshold")
"""Causes that can act although the headline measure lost nothing."""
LAST = ("too_strong",)
"""What only says where the loss is, not what went wrong there."""


def diagnosed(case: Case, store: Store) -> Diagnosis:
    """The diagnosis, from the store if it was made before. Raises ModelError, DatasetError, StoreError."""
    key = key_of(_decisive(case))
    record = store.computed(DIAGNOSES, key, lambda: dict(encoded(diagnose(case))), case.progress)
    return decoded(Diagnosis, record)


def diagnose(case: Case) -> Diagnosis:
    """Try every cause. Those that are found come first: what explains most of the loss, then what acts elsewhere."""
    loss = case.loss
    findings = []
    for done, each in enumerate(CAUSES):
        case.progress("cause_tried", done, len(CAUSES.names()))
        if case.lost or each.name in WITHOUT_LOSS:
            findings.append(each.look(case))
        else:
            findings.append(not_checked(each.name, "no_loss"))
    return Diagnosis(
        metric=case.metric,
        images=len(case.evaluation),
        original=case.original_score.value,
        file=case.file_score.value,
        loss=loss,
        findings=tuple(sorted(findings, key=_place)),
    )


def _place(found: Finding) -> tuple[bool, bool, bool, float]:
    return (
        found.verdict != "found",
        found.cause in LAST,
        found.elsewhere,
        -(found.share or 0.0),
    )


def _decisive(case: Case) -> Mapping[str, Any]:
    return {
        "files": [
            hashlib.sha256(each.SerializeToString()).hexdigest() for each in (case.original, case.file)
        ],
        "spec": case.spec.to_json(),
        "images": case.evaluation.fingerprint,
        "labels": case.labels,
        "calibration": None if case.calibration is None else case.calibration.fingerprint,
        "recipe": None if case.recipe is None else case.recipe.to_json(),
        "threshold": case.threshold,
        "stages": len(case.stages),
        "causes": list(CAUSES.names()),
    }
