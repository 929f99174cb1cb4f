"""The page works out what became of a box as Python does, and its labels leave what changed in sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from picture_bench import bench
from playwright.sync_api import Page

from edgeslim import workbench
from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.fidelity import MOVED_IOU, SAME_IOU, diff
from edgeslim.ui.picture.payload import Item, flat_boxes, picture_data

pytestmark = pytest.mark.browser

CHANGES = ("kept", "moved", "relabelled", "lost", "gained")
RULE = {"same": SAME_IOU, "moved": MOVED_IOU}
THRESHOLDS = (0.05, 0.3, 0.5, 0.7, 0.9)
DIFFS = """([cases, rule]) => cases.map(([before, after, threshold]) => {
    const found = module.diff(module.unpack(before), module.unpack(after), threshold, rule);
    const pairs = (list) => list.map(({ i, j }) => [i, j]).sort((a, b) => a[0] - b[0]);
    return [pairs(found.kept), pairs(found.moved), pairs(found.relabelled), found.lost, found.gained];
})"""
Case = tuple[Detections, Detections, float]


@pytest.fixture
def page(visit: Page) -> Page:
    bench(visit)
    return visit


def in_the_page(page: Page, cases: list[Case]) -> Any:
    given = [[flat_boxes(before), flat_boxes(after), threshold] for before, after, threshold in cases]
    return page.evaluate(DIFFS, [given, RULE])


def in_python(cases: list[Case]) -> list[list[Any]]:
    found = [diff(before, after, confidence=threshold) for before, after, threshold in cases]
    return [[getattr(one, change).tolist() for change in CHANGES] for one in found]


def random_cases(seed: int, count: int) -> Iterator[Case]:
    """Boxes jittered, relabelled, dropped and added; every third pair in whole pixels with few scores: many ties."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        n = int(rng.integers(0, 40))
        corner, size = rng.uniform(0, 600, (n, 2)), np.exp(rng.uniform(np.log(4), np.log(300), (n, 2)))
        boxes = np.concatenate([corner, corner + size], axis=1)
        classes = rng.integers(0, 4, n)
        scores = rng.uniform(0, 1, n)
        chosen = rng.permutation(n)[: int(n * rng.uniform(0.5, 1))]
        chosen = np.concatenate([chosen, chosen[: n // 4]])  # two boxes for one object
        after = boxes[chosen] + rng.normal(0, 0.12, (len(chosen), 4)) * np.tile(size[chosen], 2)
        labels = np.where(
            rng.uniform(size=len(chosen)) < 0.8, classes[chosen], rng.integers(0, 4, len(chosen))
        )
        seen = np.clip(scores[chosen] + rng.normal(0, 0.1, len(chosen)), 0, 1)
        if number % 3 == 0:
            boxes, after, scores, seen = boxes.round(), after.round(), scores.round(1), seen.round(1)
        boxes, after = boxes.round(2), after.round(2)  # as the page is given them
        yield (
            Detections(boxes.astype(np.float32).reshape(-1, 4), scores.astype(np.float32), classes),
            Detections(after.astype(np.float32).reshape(-1, 4), seen.astype(np.float32), labels),
            THRESHOLDS[number % len(THRESHOLDS)],
        )


def test_random_boxes_fare_in_the_page_as_in_python(page: Page) -> None:
    cases = list(random_cases(seed=0, count=600))
    expected = in_python(cases)
    assert sum(bool(one[2]) for one in expected) > 150, "many pairs with relabelled boxes"
    assert in_the_page(page, cases) == expected


def test_a_threshold_that_a_score_just_reaches_shows_it_in_both(page: Page) -> None:
    """0.7 in single precision is less than 0.7: both sides compare in single precision."""
    box = Detections(np.array([[0, 0, 10, 10]], np.float32), np.array([0.7], np.float32), np.array([0]))
    cases = [(box, box, threshold) for threshold in (0.69, 0.7, 0.71)]
    assert in_the_page(page, cases) == in_python(cases)
    assert in_the_page(page, cases)[1] == [[[0, 0]], [], [], [], []]


def test_real_detections_fare_in_the_page_as_in_python(page: Page) -> None:
    study = workbench.sample_study()
    assert study is not None
    spec = workbench.model_spec(study.model)
    files = [trial.sha256 for trial in study.trials if trial.file and trial.sha256]
    original, *others = [workbench.artifact_path(sha256) for sha256 in files[:4]]
    cases: list[Case] = []
    for _, image, _ in workbench.gallery_images(study.dataset, count=8):
        before = workbench.predict(original, image, spec)[0]
        for file in others:
            after = workbench.predict(file, image, spec)[0]
            assert isinstance(before, Detections) and isinstance(after, Detections)
            cases += [(before, after, threshold) for threshold in THRESHOLDS]
    assert len(cases) == 8 * 3 * len(THRESHOLDS)
    assert in_the_page(page, cases) == in_python(cases)


FATES = """([scene, threshold, rule]) =>
    new module.Scene(scene).fates(0, threshold, rule, true).map(({ state, i, j }) => [state, i, j])"""


def test_ground_truth_tells_right_wrong_and_missed_and_leaves_crowds_alone(page: Page) -> None:
    truth = Annotations(
        np.array([[0, 0, 100, 100], [200, 0, 300, 100], [400, 0, 500, 100], [600, 0, 900, 300]], np.float32),
        np.array([0, 1, 2, 0]),
        np.array([False, False, False, True]),
        np.zeros(4, np.float32),
    )
    boxes = [[0, 0, 100, 90], [200, 0, 300, 100], [620, 20, 660, 60], [620, 20, 660, 60], [0, 400, 50, 450]]
    seen = Detections(np.array(boxes, np.float32), np.full(5, 0.8, np.float32), np.array([0, 3, 0, 1, 0]))
    scene = picture_data(Item("", np.zeros((500, 900, 3), np.uint8), [seen], truth), lambda _: "")
    assert page.evaluate(FATES, [scene, 0.5, RULE]) == [
        ["right", 0, 0],
        ["wrong", 1, 1],
        ["missed", 2, None],
        ["unjudged", None, 2],
        ["wrong", None, 3],
        ["wrong", None, 4],
    ]


PLATES = """([scenes]) => scenes.map((boxes) =>
    module.placeLabels(boxes, { width: 480, height: 320 }, 19, (words) => 7 * words.length + 10)
        .map((plate) => ({ ...plate, box: boxes.indexOf(plate.box) })))"""


def test_labels_never_cover_what_changed_nor_each_other(page: Page) -> None:
    rng = np.random.default_rng(1)
    scenes = []
    for _ in range(100):
        corners = rng.uniform(0, 1, (12, 2)) * (440, 280)
        sizes = rng.uniform(8, 90, (12, 2))
        scenes.append(
            [
                {
                    "left": x, "top": y, "right": x + w, "bottom": y + h, "ghost": None,
                    "changed": bool(k % 2), "words": ["+ traffic light 0.50", "+ traffic light", "+"][k % 2 == 0:],
                }
                for k, ((x, y), (w, h)) in enumerate(zip(corners.tolist(), sizes.tolist(), strict=True))
            ]
        )  # fmt: skip
    told, signs = 0, 0
    for boxes, plates in zip(scenes, page.evaluate(PLATES, [scenes]), strict=True):
        for k, plate in enumerate(plates):
            assert (
                plate["left"] >= 0 and plate["top"] >= 0 and plate["right"] <= 480 and plate["bottom"] <= 320
            )
            assert not any(meet(plate, other) for other in plates[:k]), "plates do not lie on each other"
            own = plate["box"]
            if plate["words"] == "+" and boxes[own]["changed"]:
                signs += 1
                continue
            told += boxes[own]["changed"]
            assert not any(
                meet(plate, box) for other, box in enumerate(boxes) if box["changed"] and other != own
            )
    assert told > 400, "and most of what changed is told in words"
    assert told + signs > 590


def meet(a: Any, b: Any) -> bool:
    return bool(
        a["left"] < b["right"]
        and b["left"] < a["right"]
        and a["top"] < b["bottom"]
        and b["top"] < a["bottom"]
    )


CLEARED = "([scene, threshold, rule]) => new module.Scene(scene).cleared(1, threshold, rule)"


def test_of_what_a_file_lost_the_originals_false_alarms_are_told_apart(page: Page) -> None:
    truth = Annotations.of(np.array([[0, 0, 100, 100], [200, 0, 300, 100]], np.float32), np.array([0, 1]))
    boxes = np.array([[0, 0, 100, 90], [200, 0, 300, 100], [400, 0, 500, 100]], np.float32)
    original = Detections(boxes, np.full(3, 0.8, np.float32), np.array([0, 2, 1]))
    nothing = Detections.empty()
    picture = np.zeros((500, 900, 3), np.uint8)
    known = picture_data(Item("", picture, [original, nothing], truth), lambda _: "")
    assert page.evaluate(CLEARED, [known, 0.5, RULE]) == 2, "one of a wrong class, one where nothing is"
    unknown = picture_data(Item("", picture, [original, nothing], None), lambda _: "")
    assert page.evaluate(CLEARED, [unknown, 0.5, RULE]) == 0
