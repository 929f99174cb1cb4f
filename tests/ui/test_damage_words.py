"""What stands over a crop."""

import pytest

from edgeslim.report.damage import Finding
from edgeslim.ui.components.damage_words import crop_title
from edgeslim.ui.state import keep_language

LABELS = ("stop", "yield")


def finding(
    kind: str, label: int | None, seen: int | None, before: float | None, after: float | None
) -> Finding:
    return Finding(0, kind, (0, 0, 9, 9), "small", label, seen, before, after, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (finding("lost", 0, None, 0.52, 0.47), "lost: stop 0.52 → 0.47"),
        (finding("lost", 0, None, 0.52, None), "lost: stop 0.52"),
        (finding("gained", None, 1, None, 0.6), "gained: yield 0.60"),
        (finding("lost", 0, None, 0.5021, 0.4984), "lost: stop 0.502 → 0.498"),
        (finding("moved", 0, 0, 0.9, 0.8), "moved: stop 0.90 → 0.80"),
        (finding("relabelled", 0, 1, 0.7, 0.71), "relabelled: stop 0.70 → yield 0.71"),
        (finding("missed", 0, None, None, None), "missed: stop"),
        (finding("localization", 0, 0, None, 0.61), "badly placed: stop 0.61"),
        (finding("classification", 0, 1, None, 0.61), "wrong class: stop → yield 0.61"),
    ],
)
def test_a_crop_tells_labels_and_scores_before_and_after(found: Finding, words: str) -> None:
    keep_language("en")
    assert crop_title(found, LABELS) == words
