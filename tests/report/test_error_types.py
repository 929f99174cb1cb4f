"""Kinds of mistakes and confusion of two files, side by side."""

from edgeslim.analysis.errors import Change, KindRow, Mistakes
from edgeslim.metrics.tide import KINDS, SIZES
from edgeslim.report.error_types import confusion, confusion_chart, cost_rows, count_rows, rows_chart


def judged(missed: tuple[float, float], small: tuple[float, float]) -> Mistakes:
    none = Change(0.0, 0.0)
    sizes = dict.fromkeys(SIZES, none)
    rows = tuple(
        KindRow(
            kind,
            Change(*missed) if kind == "missed" else none,
            Change(3, 5) if kind == "missed" else none,
            {**sizes, "small": Change(*small)} if kind == "missed" else sizes,
            {**sizes, "small": Change(1, 0)} if kind == "missed" else sizes,
        )
        for kind in KINDS
    )
    return Mistakes(
        ap50=Change(0.5, 0.4), kinds=rows, false_positives=none, false_negatives=Change(0.1, 0.2),
        confidence=0.5, images=9,
    )  # fmt: skip


FOUND = judged((0.1, 0.25), (0.05, 0.15))


def test_costs_are_points_of_both_files_with_totals_and_at_a_size_without() -> None:
    rows = {row.kind: row for row in cost_rows(FOUND)}
    assert (round(rows["missed"].before, 6), round(rows["missed"].change, 6)) == (10, 15)
    assert round(rows["false_negatives"].after, 6) == 20
    small = {row.kind: row for row in cost_rows(FOUND, "small")}
    assert round(small["missed"].change, 6) == 10 and set(small) == set(KINDS)


def test_counts_are_those_of_the_chosen_size() -> None:
    assert [row.change for row in count_rows(FOUND) if row.kind == "missed"] == [2]
    assert [row.change for row in count_rows(FOUND, "small") if row.kind == "missed"] == [-1]


def test_bars_carry_kind_and_file_and_tell_the_change() -> None:
    rows = cost_rows(FOUND)
    original, compressed = rows_chart(rows, {row.kind: row.kind for row in rows}, ("a", "b"), "95 %").data
    place = [row.kind for row in rows].index("missed")
    assert list(compressed.customdata[place]) == ["missed", "compressed"]
    assert (original.text[place], compressed.text[place]) == ("10.0", "25.0 (+15.0)")


BEFORE = ((5, 1, 0, 0), (0, 4, 0, 2), (0, 0, 9, 0), (0, 3, 0, 0))
AFTER = ((3, 1, 0, 2), (0, 5, 0, 1), (0, 0, 9, 0), (0, 1, 0, 0))


def test_a_cell_is_worse_with_more_mistakes_or_fewer_hits() -> None:
    cells = {(one.truth, one.seen): one.worse for one in confusion(BEFORE, AFTER, 3).cells}
    assert (cells[0, 0], cells[0, None], cells[1, 1], cells[None, 1], cells[2, 2]) == (2, 2, -1, -2, 0)
    assert (None, None) not in cells


def test_of_many_classes_those_that_changed_most_are_shown_in_their_order() -> None:
    assert [k for k in confusion(BEFORE, AFTER, 3, [2, 0]).rows if k is not None] == [0, 2]
    found = confusion(BEFORE, AFTER, 3, most=2)
    assert (found.rows, found.left_out) == ((0, 1, None), 1)


def test_marks_carry_their_cell_and_colours_tell_better_from_worse() -> None:
    info = confusion(BEFORE, AFTER, 3)
    (marks,) = confusion_chart(info, "difference", {0: "a", 1: "b", 2: "c"}, ("bg", "missed", "t", "p")).data
    of = {tuple(place): n for n, place in enumerate(marks.customdata)}
    assert (marks.text[of[0, 0]], marks.text[of[-1, 1]], marks.text[of[2, 2]]) == ("−2", "−2", "")
    orange, blue = "rgba(196,106,18,0.42)", "rgba(42,123,214,0.42)"
    assert marks.marker.color[of[0, 0]] == orange and marks.marker.color[of[-1, 1]] == blue
    assert marks.hovertext[of[-1, 1]] == "bg → b: 3 → 1"


def test_a_classifiers_matrix_has_no_background() -> None:
    assert confusion(tuple(row[:3] for row in BEFORE[:3]), tuple(row[:3] for row in AFTER[:3]), 3).rows == (
        0,
        1,
        2,
    )
