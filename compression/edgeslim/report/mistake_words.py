"""What two files get wrong, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeslim.analysis.errors import Mistakes
from edgeslim.analysis.parts import FEWEST, PartRow
from edgeslim.report.study_words import StudyWords
from edgeslim.units import MINUS, format_change

NAMED = 3
"""Classes that the sentence names."""


def grown(found: Mistakes, words: StudyWords) -> str:
    """The kind of mistake that became more frequent most, if any did beyond noise."""
    rows = [row for row in found.kinds if row.count.distinguishable and (row.count.difference or 0.0) > 0]
    if not rows:
        return words.t("errors.none_grew")
    most = max(rows, key=lambda row: row.count.difference or 0.0)
    low, high = most.count.ci95 or (0.0, 0.0)
    return words.t(
        "errors.grew",
        kind=words.t(f"damage.{most.kind}"),
        before=f"{most.count.before:.0f}",
        after=f"{most.count.after:.0f}",
        low=f"{low:+.0f}".replace("-", MINUS),
        high=f"{high:+.0f}".replace("-", MINUS),
    )


def classes_sentence(rows: Sequence[PartRow], titles: Mapping[str, str], words: StudyWords) -> str:
    """How many classes changed beyond noise, and which lost most."""
    held = [row for row in rows if row.holds]
    asked = sum(row.p is not None for row in rows)
    if not held:
        return words.t("classes.none", count=asked) if asked else words.t("classes.too_few", least=FEWEST)
    named = words.t("choice.list").join(
        f"{titles[row.name]} {format_change(row.change.difference)}" for row in held[:NAMED]
    )
    return words.t("classes.some", held=len(held), count=asked, named=named)


def few_classes(rows: Sequence[PartRow], words: StudyWords) -> str:
    """How many classes nothing is claimed of; empty where there are none."""
    few = sum(row.p is None for row in rows)
    return words.t("classes.few", count=few, least=FEWEST) if few else ""
