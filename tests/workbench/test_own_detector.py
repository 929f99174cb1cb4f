"""A detector of one's own, from a folder of labelled pictures to a model that is listed, scored and compressed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.datasets import open_dataset
from edgeslim.errors import DatasetError
from edgeslim.workbench.own_detector import detector_spec, divided, train_detector

SIDE = 64


def folder_of(path: Path, count: int, declared: bool) -> Path:
    """A YOLO folder of pictures with a red and a green square each; `declared`: with training images of their own."""
    random = np.random.default_rng(0)
    for split in ("train", "val") if declared else ("",):
        images, labels = path / "images" / split, path / "labels" / split
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for number in range(count):
            picture = random.integers(0, 90, (SIDE, SIDE, 3), np.uint8)
            lines = []
            for label, left in ((0, 0), (1, 32)):
                side = int(random.integers(14, 28))
                x, y = left + int(random.integers(0, 32 - side + 1)), int(random.integers(0, SIDE - side))
                picture[y : y + side, x : x + side, label] = 230
                lines.append(
                    f"{label} {(x + side / 2) / SIDE} {(y + side / 2) / SIDE} {side / SIDE} {side / SIDE}"
                )
            Image.fromarray(picture).save(images / f"{number:03}.png")
            (labels / f"{number:03}.txt").write_text("\n".join(lines))
    splits = "train: images/train\nval: images/val\n" if declared else "val: images\n"
    (path / "data.yaml").write_text(f"{splits}names: [red, green]\n")
    return path


def test_a_shell_command_trains_a_detector_that_is_listed_and_compressed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, store = folder_of(tmp_path / "squares", 32, declared=True), Store(tmp_path / "store")
    asked = ["train", "--data", str(data), "--name", "squares", "--size", "small", "--side", "64", "--json"]
    assert main([*asked, "--epochs", "20", "--store", str(store.root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["trained_on"], told["validated_on"], told["split"]) == (32, 32, "declared")
    assert told["metrics"]["AP50"] > 0.3
    assert told["model"]["name"] in [each.name for each in workbench.list_models(store)]
    again = workbench.evaluate_model("squares", data, store=store)
    assert again.accuracy is not None
    assert again.accuracy["mAP"] == pytest.approx(told["metrics"]["mAP"], abs=0.01), (
        "but for folded layers the same"
    )


def test_a_dataset_without_declared_splits_is_divided_by_the_seed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    data = open_dataset(str(folder_of(tmp_path / "squares", 10, declared=False)), store)
    taught, kept, told = divided(data, 3)
    ids = [{part.image_id(place) for place in range(len(part))} for part in (taught, kept)]
    assert [len(each) for each in ids] == [8, 2] and not ids[0] & ids[1]
    assert told == "20% of the images for validation, seed 3"
    assert taught.fingerprint != divided(data, 4)[0].fingerprint
    assert divided(data, 3)[0].fingerprint == taught.fingerprint
    assert (detector_spec(taught, ("red", "green"), 96).input_width, len(taught)) == (96, 8)


def test_what_has_no_boxes_cannot_be_learnt_from(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        train_detector("digits", "mine", store=Store(tmp_path / "store"))
    assert caught.value.code == "no_boxes_to_learn"
