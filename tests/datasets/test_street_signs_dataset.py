"""The street-sign dataset: rendered once, kept, checked; the same on one core and on several."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.datasets import DATASETS, Relabelled, open_dataset
from edgeslim.datasets.street_signs import dataset as street_signs
from edgeslim.datasets.street_signs import rendering
from edgeslim.datasets.street_signs.dataset import MANIFEST, PLANS, Plan, Scenes, load
from edgeslim.datasets.street_signs.rendering import Packed
from edgeslim.datasets.street_signs.scene import render_scene
from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.datasets.street_signs.world import MOODS
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError
from edgeslim.progress import silent

PLAN = Plan(20264, (2, 5, 3))


def files(store: Store) -> list[Path]:
    return sorted((store.root / "datasets" / "street-signs").glob("*.npz"))


def forbid_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    def render(*arguments: object) -> Packed:
        pytest.fail("rendered again")

    monkeypatch.setattr(street_signs, "render", render)


def test_packed_scenes_are_the_rendered_ones(store: Store) -> None:
    split = Scenes(store, "few", PLAN, silent)
    assert len(split) == 3
    for position, index in enumerate(PLAN.indices):
        scene = render_scene(PLAN.seed, index)
        target = split.target(position)
        assert isinstance(target, Annotations)
        assert np.array_equal(split.image(position), scene.image)
        assert np.array_equal(target.boxes, scene.boxes)
        assert np.array_equal(target.classes, scene.classes)
        assert split.image_id(position) == f"{index:05d}-{scene.mood}"


def test_second_use_reads_from_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(store, "few", PLAN, silent)
    forbid_rendering(monkeypatch)
    again = load(store, "few", PLAN, silent)
    assert again.content_sha256() == first.content_sha256()
    assert again.moods.tolist() == first.moods.tolist()


def test_what_is_still_to_be_drawn_is_known_without_drawing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLANS, "gallery", PLAN)
    there = DATASETS.get("street-signs").there
    assert not there(store, "gallery")
    load(store, "gallery", PLAN, silent)
    assert there(store, "gallery") and not there(store, "validation")
    assert DATASETS.get("digits").there(store, "validation")


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_cache_is_rendered_anew(store: Store, damage: str) -> None:
    first = load(store, "few", PLAN, silent)
    (path,) = files(store)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({"flip": bytes(content), "cut": bytes(content[:1000]), "empty": b""}[damage])
    again = load(store, "few", PLAN, silent)
    assert again.content_sha256() == first.content_sha256()
    assert Packed.from_bytes(path.read_bytes()).content_sha256() == first.content_sha256()


def test_other_plan_is_another_file(store: Store) -> None:
    load(store, "few", Plan(20264, (1,)), silent)
    load(store, "few", Plan(20265, (1,)), silent)
    assert len(files(store)) == 2


def test_several_processes_render_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = rendering.render(20262, (0, 1, 2), silent)
    monkeypatch.setattr(rendering, "CHUNK", 2)
    monkeypatch.setattr(rendering, "_cores", lambda: 2)
    told: list[tuple[str, int, int]] = []
    together = rendering.render(20262, range(3), lambda *step: told.append(step))
    assert together.content_sha256() == alone.content_sha256()
    assert together.moods.tolist() == alone.moods.tolist()
    assert told[0] == ("rendering_scenes", 0, 3)
    assert told[-1] == ("rendering_scenes", 3, 3)
    assert len(told) == 3


def test_progress_counts_scenes(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    load(store, "few", PLAN, lambda *step: told.append(step))
    assert told == [("rendering_scenes", done, 3) for done in range(4)]


def test_nothing_is_rendered_before_it_is_asked_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_rendering(monkeypatch)
    dataset = open_dataset("street-signs", store)
    assert dataset.labels == CLASSES
    assert DATASETS.get("street-signs").sizes == {
        "train": 6000,
        "calibration": 128,
        "validation": 400,
        "gallery": 24,
    }
    assert [len(dataset.split(name)) for name in dataset.splits] == [6000, 128, 400, 24]
    assert len(Relabelled(dataset.split("train"), np.arange(10))) == 6000
    assert dataset.warnings == ()
    with pytest.raises(DatasetError, match="no test split") as caught:
        dataset.split("test")  # type: ignore[arg-type]
    assert caught.value.code == "no_split"


def test_gallery_is_varied_and_as_committed(store: Store) -> None:
    dataset = open_dataset("street-signs", store)
    gallery = dataset.split("gallery")
    targets = [gallery.target(i) for i in range(len(gallery))]
    known = [target for target in targets if isinstance(target, Annotations)]
    assert len(known) == 24
    assert min(len(target) for target in known) >= 2
    assert {int(index) for target in known for index in target.classes} == set(range(len(CLASSES)))
    moods = [gallery.image_id(i).split("-", 1)[1] for i in range(24)]
    assert min(moods.count(mood) for mood in set(moods)) >= 3
    assert set(moods) == set(MOODS)
    packed = load(store, "gallery", PLANS["gallery"], silent)
    assert packed.annotations_sha256() == json.loads(MANIFEST.read_text())["gallery"]["annotations"]


def test_images_other_than_the_committed_are_told(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(20264, (7,))
    monkeypatch.setitem(street_signs.PLANS, "gallery", plan)
    content = load(store, "gallery", plan, silent).content_sha256()
    manifest = tmp_path / "splits.json"
    monkeypatch.setattr(street_signs, "MANIFEST", manifest)
    for committed, codes in ((content, []), ("0" * 64, ["other_rendering"])):
        manifest.write_text(json.dumps({name: {"content": committed} for name in PLANS}))
        dataset = open_dataset("street-signs", store)
        assert [notice.code for notice in dataset.warnings] == codes


def test_manifest_describes_every_split() -> None:
    manifest = json.loads(MANIFEST.read_text())
    assert {name: record["images"] for name, record in manifest.items()} == {
        name: len(plan.indices) for name, plan in PLANS.items()
    }
