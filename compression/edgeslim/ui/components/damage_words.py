"""What was found in a gallery of damage, in words."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.report.damage import Finding
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.words import class_name, trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t


def finding_words(
    trial: TrialResult, findings: Sequence[Finding], against: str, boxes: int, images: int, confidence: float
) -> str:
    """'int8 loses 6 of 1171 boxes on 304 images, from score 0.50 on', or how many mistakes a file makes."""
    words = {"title": plain(trial_title(trial)), "images": images, "confidence": f"{confidence:.2f}"}
    if against == "truth":
        return t("damage.finding_truth", count=len(findings), **words)
    lost = sum(finding.kind == "lost" for finding in findings)
    return t("damage.finding" if lost else "damage.finding_nothing", lost=lost, boxes=boxes, **words)


def crop_title(finding: Finding, labels: Sequence[str]) -> str:
    """'lost: stop 0.92', 'relabelled: stop → yield 0.71'."""

    def named(label: int | None, score: float | None) -> str:
        words = "" if label is None else class_name(labels[label])
        return words if score is None else f"{words} {score:.2f}"

    kind = t(f"damage.{finding.kind}")
    was, now = named(finding.label, finding.before), named(finding.seen, finding.after)
    if finding.kind in ("lost", "missed"):
        told = was
    elif finding.label is None or finding.label == finding.seen:
        told = now
    else:
        told = f"{was} → {now}"
    return t("damage.title", kind=kind, what=told)
