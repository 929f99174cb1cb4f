"""Which of a classifier's answers changed, and which went wrong."""

import numpy as np

from edgeslim.report.class_damage import ClassFilter, class_findings, class_tally

BEFORE = np.eye(4)[[0, 1, 2, 3, 0, 1]]
AFTER = np.eye(4)[[0, 2, 2, 1, 3, 1]]
TRUTHS = (0, 1, 3, 1, 2, None)


def test_each_image_is_judged_by_its_label_where_there_is_one() -> None:
    found = class_findings(TRUTHS, BEFORE, AFTER)
    assert [(one.image, one.kind) for one in found] == [
        (1, "broken"), (3, "mended"), (4, "relabelled"), (0, "right"), (2, "wrong"), (5, "kept"),
    ]  # fmt: skip
    assert {one.kind for one in class_findings(None, BEFORE, AFTER)} == {"relabelled", "kept"}


def test_of_changed_images_those_come_first_whose_probabilities_moved_most() -> None:
    before = np.array([[0.6, 0.4], [0.9, 0.1], [0.9, 0.1]])
    after = np.array([[0.4, 0.6], [0.1, 0.9], [0.6, 0.4]])
    assert [one.image for one in class_findings(None, before, after)] == [1, 0, 2]


def test_a_cell_of_either_files_matrix_is_what_that_file_sees() -> None:
    found = class_findings(TRUTHS, BEFORE, AFTER)
    of_file = ClassFilter(label=1, seen=2)
    assert [one.image for one in found if of_file(one)] == [1]
    of_original = ClassFilter(label=1, seen=3, by_original=True)
    assert [one.image for one in found if of_original(one)] == [3]


def test_each_filter_counts_under_the_other_ones() -> None:
    kinds, labels = class_tally(class_findings(TRUTHS, BEFORE, AFTER), ClassFilter(kind="broken", label=1))
    assert dict(kinds) == {"broken": 1, "mended": 1, "kept": 1}
    assert dict(labels) == {1: 1}
