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
        return t("damage.finding_truth", count=sum(finding.harm for finding in findings), **words)
    lost = sum(finding.kind == "lost" for finding in findings)
    return t("damage.finding" if lost else "damage.finding_nothing", lost=lost, boxes=boxes, **words)


def crop_title(finding: Finding, labels: Sequence[str]) -> str:
    """'lost: stop 0.52 → 0.47', 'relabelled: stop 0.70 → yield 0.71', 'missed: stop'."""
    was, now = ("" if label is None else class_name(labels[label]) for label in (finding.label, finding.seen))
    before, after = _scores(finding.before, finding.after)
    if was and now and was != now:
        what = f"{was} {before}".rstrip() + f" → {now} {after}".rstrip()
    else:
        what = f"{was or now} {' → '.join(filter(None, (before, after)))}".rstrip()
    return t("damage.title", kind=t(f"damage.{finding.kind}"), what=what)


def _scores(*scores: float | None) -> tuple[str, ...]:
    """With as many decimals, from two on, as it takes to tell a score on one side of the threshold from the other."""
    for decimals in (2, 3):
        words = tuple("" if score is None else f"{score:.{decimals}f}" for score in scores)
        if len(set(words)) == len(words):
            break
    return words
