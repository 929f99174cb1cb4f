"""What a cause is, and how one that was removed is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.records import ENOUGH, Finding, Mend, Value
from edgeslim.registry import Registry


@dataclass(frozen=True, slots=True)
class Cause:
    """`look` tries whether it is the cause, by numbers of its own and, where it can, by removing it alone."""

    name: str
    look: Callable[[Case], Finding]


CAUSES: Registry[Cause] = Registry("cause")


def judged(
    cause: str,
    case: Case,
    repaired: onnx.ModelProto,
    evidence: Mapping[str, Value],
    mend: Mend | None,
    reason: str = "",
) -> Finding:
    """A cause that only the network `repaired` is without: found if enough of the loss surely comes back there."""
    back = case.back(repaired)
    share = case.share(back)
    sure = back.ci95 is not None and back.ci95[0] > 0
    return Finding(
        cause=cause,
        verdict="found" if sure and share >= ENOUGH else "cleared",
        reason=reason,
        evidence=evidence,
        back=back,
        share=share,
        mend=mend,
    )


def cleared(cause: str, reason: str, **evidence: Value) -> Finding:
    """Looked at, and it is not the cause."""
    return Finding(cause=cause, verdict="cleared", reason=reason, evidence=evidence)


def not_checked(cause: str, reason: str, **evidence: Value) -> Finding:
    return Finding(cause=cause, verdict="not_checked", reason=reason, evidence=evidence)
