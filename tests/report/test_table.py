"""Which trials a table shows, and in what order."""

from typing import Any

import pytest
from as_kept import of

from edgeslim.report.table import TableFilter, filtered, states_of, steps_of
from edgeslim.studies.notes import Note, TrialNotes

NOTES = {
    3: TrialNotes(True),
    12: TrialNotes(True, (Note("a", "for the Demo", ""),)),
    17: TrialNotes(False, (Note("b", "demo too", ""),)),
}


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (TableFilter(), tuple(range(20))),
        (TableFilter(steps=("magnitude_pruning", "static_int8")), (12, 17)),
        (TableFilter(states=("failed", "infeasible")), (14, 15)),
        (TableFilter(figure="download", low=92.418, high=121.906), (11, 12)),
        (TableFilter(figure="download", high=100), (11, 18)),
        (TableFilter(figure="download"), tuple(range(20))),
        (TableFilter(text="DEMO"), (12, 17)),
        (TableFilter(text="#1 "), (1, *range(10, 20))),
        (TableFilter(text="fine-tune int8", states=("complete",)), (11, 12, 13, 18)),
        (TableFilter(starred=True), (3, 12)),
        (TableFilter(starred=True, text="demo"), (12,)),
        (TableFilter(text="no such words"), ()),
    ],
)  # fmt: skip
def test_only_what_keeps_every_condition_is_shown(
    study: dict[str, Any], chosen: TableFilter, numbers: tuple[int, ...]
) -> None:
    assert filtered(of(study), chosen, NOTES) == numbers


def test_sorted_by_a_figure_the_best_come_first_and_the_unmeasured_last(study: dict[str, Any]) -> None:
    trials = of(study)
    smallest = filtered(trials, TableFilter(sort="download"), {})
    assert smallest[:4] == (18, 11, 12, 13)
    assert smallest[-5:] == (14, 15, 16, 17, 19)
    best = [trials.trial(number).figure("mAP") for number in filtered(trials, TableFilter(sort="mAP"), {})]  # type: ignore[union-attr]
    known = [value for value in best if value is not None]
    assert known == sorted(known, reverse=True)
    assert best[len(known) :] == [None] * (20 - len(known))


def test_steps_and_states_that_occur_can_be_chosen(study: dict[str, Any]) -> None:
    assert steps_of(of(study)) == (
        "channel_pruning",
        "fine_tuning",
        "float16",
        "magnitude_pruning",
        "static_int8",
    )
    assert "cancelled" in states_of(of(study))
    assert "pruned" not in states_of(of(study))
