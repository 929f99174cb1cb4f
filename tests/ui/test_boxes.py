"""Boxes on pictures: what is drawn where, and in which colour."""

import numpy as np
import pytest

from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.fidelity import diff
from edgeslim.ui.components.boxes import (
    CHANGES,
    COLORS,
    LARGEST_SIDE,
    LONG_SIDE,
    Box,
    boxes_of,
    changes_of,
    draw,
)

LABELS = ("stop", "speed_30")
GREY = np.full((96, 144, 3), 90, np.uint8)


def detections(boxes: list[list[float]], classes: list[int], score: float = 0.9) -> Detections:
    count = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, score, np.float32),
        np.array(classes, np.int64),
    )


ORIGINAL = detections(
    [[10, 10, 40, 40], [60, 10, 90, 40], [100, 50, 130, 80], [10, 60, 40, 90]], [0, 1, 0, 1]
)
COMPRESSED = detections(
    [[10, 10, 40, 40], [67, 10, 97, 40], [100, 50, 130, 80], [60, 60, 80, 80]], [0, 1, 1, 0]
)


def test_every_box_is_drawn_as_what_became_of_it() -> None:
    boxes = changes_of(ORIGINAL, COMPRESSED, diff(ORIGINAL, COMPRESSED), LABELS)
    assert [(box.change, box.words) for box in boxes] == [
        ("kept", "stop 0.90"),
        ("moved", "speed 30 0.90"),
        ("relabelled", "stop » speed 30 0.90"),
        ("lost", "speed 30"),
        ("gained", "stop 0.90"),
    ]
    assert boxes[3].corners.tolist() == [10, 60, 40, 90], "a lost box is drawn where the original had it"


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_in_its_colour_at_its_place(change: str) -> None:
    boxes = [
        b for b in changes_of(ORIGINAL, COMPRESSED, diff(ORIGINAL, COMPRESSED), LABELS) if b.change == change
    ]
    picture = np.asarray(draw(GREY, boxes))
    scale = LONG_SIDE / 144
    x0, y0, x1, y1 = (boxes[0].corners * scale).round().astype(int)
    wanted = np.array([int(COLORS[boxes[0].change][i : i + 2], 16) for i in (1, 3, 5)])
    edge = picture[max(0, y0 - 3) : y0 + 6, x0:x1].reshape(-1, 3)
    share = float((np.abs(edge.astype(int) - wanted).sum(axis=1) < 12).mean())
    assert share > 0.15
    inside = picture[(y0 + y1) // 2, (x0 + x1) // 2]
    assert inside.tolist() == [90, 90, 90], "boxes are outlines"


def test_a_lost_box_is_dashed() -> None:
    lost = [
        b for b in changes_of(ORIGINAL, COMPRESSED, diff(ORIGINAL, COMPRESSED), LABELS) if b.change == "lost"
    ]
    kept = boxes_of(ORIGINAL, LABELS)[3:]
    wanted = [int(COLORS["lost"][i : i + 2], 16) for i in (1, 3, 5)]
    green = [int(COLORS["kept"][i : i + 2], 16) for i in (1, 3, 5)]
    column = round(10 * LONG_SIDE / 144)
    rows = slice(round(62 * LONG_SIDE / 144), round(88 * LONG_SIDE / 144))
    dashed, solid = (
        (np.asarray(draw(GREY, boxes))[rows, column] == color).all(axis=1).mean()
        for boxes, color in ((lost, wanted), (kept, green))
    )
    assert solid > 0.95
    assert 0.2 < dashed < 0.8


def test_small_pictures_grow_and_huge_ones_shrink() -> None:
    assert draw(GREY, []).size == (960, 640)
    assert draw(np.zeros((8, 8, 3), np.uint8), []).size == (960, 960)
    assert max(draw(np.zeros((10, 4000, 3), np.uint8), []).size) == LARGEST_SIDE
    assert draw(np.zeros((1000, 1200, 3), np.uint8), []).size == (1200, 1000)


def test_labels_do_not_lie_on_each_other() -> None:
    crowd = detections([[50, 30, 80, 60], [52, 32, 82, 62], [54, 34, 84, 64]], [0, 0, 1])
    one = np.asarray(draw(GREY, boxes_of(crowd, LABELS)[:1]))
    three = np.asarray(draw(GREY, boxes_of(crowd, LABELS)))
    green = [int(COLORS["kept"][i : i + 2], 16) for i in (1, 3, 5)]
    plates = [(picture == green).all(axis=2).sum() for picture in (one, three)]
    assert plates[1] > 2.5 * plates[0]


def test_words_about_a_change_are_never_covered() -> None:
    crowd = detections([[60 + i, 40 + i, 70 + i, 50 + i] for i in range(24)], [0] * 24)
    lost = [Box(crowd.boxes[12], "speed 30", "lost")]
    red = [int(COLORS["lost"][i : i + 2], 16) for i in (1, 3, 5)]
    alone, crowded = (
        (np.asarray(draw(GREY, [*boxes, *lost], large=True)) == red).all(axis=2).sum()
        for boxes in ([], boxes_of(crowd, LABELS))
    )
    assert crowded == alone


def test_odd_boxes_and_labels_do_not_break_the_drawing() -> None:
    odd = detections([[-30, -10, 500, 300], [70, 50, 70, 50], [140, 90, 200, 200]], [7, 0, 1])
    truth = Annotations.of(np.array([[1, 1, 20, 20]], np.float32), np.array([0]))
    picture = draw(GREY, boxes_of(odd, ("停车标志", "b")), truth, large=True)
    assert picture.size == (960, 640)


def test_the_original_is_left_as_it_was() -> None:
    image = GREY.copy()
    draw(image, boxes_of(ORIGINAL, LABELS))
    assert (image == GREY).all()
