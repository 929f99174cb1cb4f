"""Classes of data and model are matched in the open: by the shell, in JSON, in a study's plan."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import DatasetError
from edgeslim.studies.study import StudyPlan

MODEL = "street-signs-small"


@pytest.fixture
def signs(tmp_path: Path) -> Path:
    """Two pictures with signs of four classes, of which the model knows one by its name."""
    root = tmp_path / "signs"
    root.mkdir()
    names = ["stop", "speedlimit", "trafficlight", "crosswalk"]
    images, annotations = [], []
    for index in range(2):
        PIL.Image.fromarray(np.full((40, 60, 3), 90 * index, np.uint8)).save(root / f"{index}.png")
        images.append({"id": index, "file_name": f"{index}.png", "width": 60, "height": 40})
        for label in range(4):
            box = {"bbox": [label * 10, 5, 8, 8], "area": 64, "iscrowd": 0}
            number = len(annotations) + 1
            annotations.append({"id": number, "image_id": index, "category_id": label, **box})
    categories = [{"id": index, "name": name} for index, name in enumerate(names)]
    told = {"images": images, "annotations": annotations, "categories": categories}
    (root / "instances.json").write_text(json.dumps(told))
    return root / "instances.json"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "classes.json"
    path.write_text('{"speedlimit": "speed_50", "crosswalk": "crossing", "trafficlight": null}')
    return path


def test_a_score_of_one_class_of_four_stops_and_says_how_to_go_on(
    signs: Path, tmp_path: Path, own_machine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "store")
    assert main(["--store", store, "evaluate", "--model", MODEL, "--data", str(signs)]) == 2
    told = capsys.readouterr().err
    assert "Only 1 of the dataset's 4 classes" in told
    assert 'given with --classes). This would go on as it is:\n\n{"stop": "stop", "speedlimit": null' in told
    with pytest.raises(DatasetError) as caught:
        workbench.start_study(StudyPlan(model=MODEL, dataset=str(signs)), (), store=Store(tmp_path / "store"))
    assert caught.value.code == "few_classes"


def test_a_mapping_is_what_the_score_is_of(
    signs: Path, mapping: Path, tmp_path: Path, own_machine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--model", MODEL, "--data", str(signs), "--classes", str(mapping)]
    assert main(["--store", str(tmp_path / "store"), "--json", "evaluate", *given]) == 0
    trial = json.loads(capsys.readouterr().out)
    assert set(trial["accuracy"]["by_class"]) == {"stop", "speed_50", "crossing"}
    assert trial["classes"]["matched"] == 3
    assert trial["classes"]["dataset_only"] == ["trafficlight"]
    assert "priority" in trial["classes"]["model_only"]
    assert [notice["code"] for notice in trial["told"]] == ["classes_not_scored"]


def test_a_plan_keeps_the_mapping_and_images_are_seen_by_it(
    signs: Path, mapping: Path, tmp_path: Path
) -> None:
    plan = StudyPlan(model=MODEL, dataset=str(signs), classes=workbench.read_classes(mapping))
    assert StudyPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    images = workbench.Images(plan.dataset, classes=plan.classes)
    truths = workbench.scored_images(images, MODEL, store=Store(tmp_path / "store")).truths
    assert truths is not None
    assert truths[0].classes.tolist() == [0, 4, 6]


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"a": 3}', b"\xff"])
def test_a_file_that_is_no_mapping_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "classes.json"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"classes\.json") as caught:
        workbench.read_classes(path)
    assert caught.value.code == "classes_unreadable"


def test_a_file_that_merely_numbers_its_classes_can_be_compared() -> None:
    assert workbench.same_classes(("class_0", "class_1"), ("stop", "yield"))
    assert workbench.same_classes(("stop", "yield"), ("stop", "yield"))
    assert not workbench.same_classes(("yield", "stop"), ("stop", "yield"))
    assert not workbench.same_classes(("class_0",), ("stop", "yield"))
