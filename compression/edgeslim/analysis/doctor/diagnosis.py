"""All causes, tried on one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeslim.analysis.doctor import causes as causes
from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, not_checked
from edgeslim.analysis.doctor.records import Diagnosis, Finding

WITHOUT_LOSS = ("specification", "saturation", "threshold")
"""Causes that can act although the headline measure lost nothing."""
LAST = "too_strong"
"""It only says where the loss is, so it is asked where nothing tells what went wrong there."""
MOST = 0.5
"""Share of the loss that explains it."""


def diagnose(case: Case, tell: Callable[[Diagnosis], None] = lambda _: None) -> Diagnosis:
    """Try every cause. Those that are found come first: what explains most of the loss, then what acts elsewhere.

    `tell` hears after each cause what is known so far.
    """
    findings = list[Finding]()
    for done, each in enumerate(CAUSES):
        case.progress("cause_tried", done, len(CAUSES.names()))
        if not case.lost and each.name not in WITHOUT_LOSS:
            findings.append(not_checked(each.name, "no_loss"))
        elif each.name == LAST and any(_explains(found) for found in findings):
            findings.append(not_checked(each.name, "explained"))
        else:
            findings.append(each.look(case))
        tell(_diagnosis(case, findings))
    return _diagnosis(case, findings)


def _diagnosis(case: Case, findings: Sequence[Finding]) -> Diagnosis:
    return Diagnosis(
        metric=case.metric,
        images=len(case.evaluation),
        original=case.original_score.value,
        file=case.file_score.value,
        loss=case.loss,
        findings=tuple(sorted(findings, key=_place)),
    )


def _explains(found: Finding) -> bool:
    return found.verdict == "found" and not found.elsewhere and (found.share or 0.0) >= MOST


def _place(found: Finding) -> tuple[bool, bool, bool, float]:
    """Of what explains the loss, the noisiest tensors come last: whatever went wrong shows in some of them."""
    symptom = found.cause == "noisy_tensor" or not _explains(found)
    return found.verdict != "found", found.elsewhere, symptom, -(found.share or 0.0)
