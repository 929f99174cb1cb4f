"""The generated street scenes: the same every time, honestly labelled, varied."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from edgeslim.datasets.street_signs.scene import Scene, render_scene
from edgeslim.datasets.street_signs.signs import CLASSES, DISTRACTORS
from edgeslim.datasets.street_signs.stage import Canvas, PlacedSign
from edgeslim.datasets.street_signs.world import MOODS

SEED = 11


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [render_scene(SEED, index) for index in range(200)]


def _digest(scene: Scene) -> str:
    return hashlib.sha256(scene.jpeg + scene.boxes.tobytes() + scene.classes.tobytes()).hexdigest()


def test_scene_is_the_same_in_another_process_and_order(scenes: list[Scene]) -> None:
    code = (
        "import hashlib\n"
        "from edgeslim.datasets.street_signs.scene import render_scene\n"
        "for i in (7, 3, 0):\n"
        f"    s = render_scene({SEED}, i)\n"
        "    print(hashlib.sha256(s.jpeg + s.boxes.tobytes() + s.classes.tobytes()).hexdigest())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [_digest(scenes[i]) for i in (7, 3, 0)]


def test_scene_is_the_same_twice_and_differs_by_seed_and_index(scenes: list[Scene]) -> None:
    assert _digest(render_scene(SEED, 5)) == _digest(scenes[5])
    assert len({_digest(scene) for scene in [*scenes, render_scene(SEED + 1, 5)]}) == len(scenes) + 1


def test_image_and_label_arrays_have_the_promised_shapes(scenes: list[Scene]) -> None:
    for scene in scenes[:20]:
        assert scene.image.shape == (192, 288, 3)
        assert scene.image.dtype == np.uint8
        assert scene.boxes.shape == (len(scene.classes), 4)
        assert (scene.boxes.dtype, scene.classes.dtype) == (np.float32, np.int64)


def test_boxes_lie_inside_the_image_and_are_large_enough_to_see(scenes: list[Scene]) -> None:
    boxes = np.concatenate([scene.boxes for scene in scenes])
    assert boxes.min() >= 0
    assert (boxes[:, 2] <= 288).all()
    assert (boxes[:, 3] <= 192).all()
    assert (boxes[:, 2:] - boxes[:, :2]).min() >= 8


def test_object_sizes_span_small_to_large_with_many_small(scenes: list[Scene]) -> None:
    boxes = np.concatenate([scene.boxes for scene in scenes])
    longest = (boxes[:, 2:] - boxes[:, :2]).max(1)
    assert longest.min() < 12
    assert 90 < longest.max() < 130
    assert 18 < np.median(longest) < 32


def test_all_classes_and_moods_occur(scenes: list[Scene]) -> None:
    counts = np.bincount(np.concatenate([scene.classes for scene in scenes]), minlength=len(CLASSES))
    assert counts.min() > 0.05 * counts.sum()
    assert {scene.mood for scene in scenes} == set(MOODS)


def test_some_scenes_are_empty_and_none_is_crowded(scenes: list[Scene]) -> None:
    counts = [len(scene.classes) for scene in scenes]
    assert min(counts) == 0
    assert max(counts) <= 12
    assert 3 < np.mean(counts) < 4


def test_distractors_are_drawn_but_never_labelled() -> None:
    for index in range(12):
        shown, empty = render_scene(SEED, index, signs=DISTRACTORS), render_scene(SEED, index, signs=())
        assert len(shown.boxes) == 0
        assert np.abs(shown.image.astype(int) - empty.image).max() > 40


def test_labelled_traffic_light_shows_its_lit_colour(scenes: list[Scene]) -> None:
    """In the half of the box where the lamp is, red (or green) stands out from the other channel."""
    checked = 0
    for scene in scenes:
        image = scene.image.astype(int)
        for box, number in zip(scene.boxes, scene.classes, strict=True):
            if not CLASSES[number].startswith("traffic_light"):
                continue
            x0, y0, x1, y1 = np.round(box).astype(int)
            lamp_end = (y1 - y0) * 2 // 5
            red = CLASSES[number] == "traffic_light_red"
            lamp = image[y0 : y0 + lamp_end, x0:x1] if red else image[y1 - lamp_end : y1, x0:x1]
            excess = (lamp[..., 0] - lamp[..., 1]) * (1 if red else -1)
            assert np.sort(excess.ravel())[-4] > 25
            checked += 1
    assert checked > 60


def _light(y: int) -> PlacedSign:
    """A traffic light of 10 x 30 pixels at row y whose lamp is its upper third."""
    lamp = np.zeros((30, 10), np.float32)
    lamp[:10] = 1
    return PlacedSign(
        name="traffic_light_red",
        box=(20, y, 30, y + 30),
        x=20,
        y=y,
        visible=np.ones((30, 10), np.float32),
        area=300,
        lamp=lamp,
        lamp_area=100,
    )


def test_traffic_light_with_cropped_lamp_is_not_recognisable() -> None:
    assert _light(y=0).is_recognisable(100, 100)
    assert not _light(y=-8).is_recognisable(100, 100)  # 73 % of it seen, but little of the lamp


def test_canvas_refuses_to_hide_a_lit_lamp_or_half_a_sign() -> None:
    canvas = Canvas(Image.new("RGB", (100, 100)))
    canvas.signs.append(_light(y=40))
    assert not canvas.allows(Image.new("L", (10, 9), 255), 20, 40)  # the lamp
    assert not canvas.allows(Image.new("L", (10, 18), 255), 20, 52)  # three fifths of the rest
    assert canvas.paste((9, 9, 9), Image.new("L", (10, 12), 255), 20, 58)
    assert not canvas.allows(Image.new("L", (10, 5), 255), 20, 52)  # together with what is hidden already
    assert canvas.signs[0].is_recognisable(100, 100)
