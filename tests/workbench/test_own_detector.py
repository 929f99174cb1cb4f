"""A detector of one's own, from a folder of labelled pictures to a model that is listed, scored and compressed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.datasets import open_dataset
from edgeslim.errors import DatasetError, ModelError
from edgeslim.training.beginning import detector_spec
from edgeslim.workbench.own_detector import train_detector, training_plan

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


def test_a_shell_command_trains_a_detector_that_is_listed_adapted_and_compressed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, store = folder_of(tmp_path / "squares", 32, declared=True), Store(tmp_path / "store")
    asked = ["train", "--data", str(data), "--name", "squares", "--size", "small", "--side", "64", "--json"]
    assert main([*asked, "--epochs", "20", "--store", str(store.root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["taught"], told["watched"], told["validated"]) == (28, 4, 32)
    assert told["metrics"]["AP50"] > 0.3
    assert workbench.describe_model("squares", store=store).sha256 == told["sha256"]
    again = workbench.evaluate_model("squares", data, store=store)
    assert again.accuracy is not None
    assert again.accuracy["mAP"] == pytest.approx(told["metrics"]["mAP"], abs=0.01), (
        "but for folded layers the same"
    )
    with pytest.raises(ModelError) as caught:
        train_detector(training_plan(data, "squares", size="small", side=64, store=store), store)
    assert caught.value.code == "model_name_taken", "before anything is computed"
    undeclared = folder_of(tmp_path / "undeclared", 30, declared=False)
    (undeclared / "data.yaml").unlink()
    (undeclared / "classes.txt").write_text("red\ngreen\n")
    told = workbench.evaluate_model("squares", undeclared, store=store).told
    assert [notice.code for notice in told] == ["divided"], "the score is of some of the images"
    others = renamed(data, tmp_path / "others", ("blue", "green"))
    asked = ["train", "--data", str(others), "--name", "both", "--from", "squares", "--epochs", "2", "--json"]
    assert main([*asked, "--store", str(store.root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kept"], told["forgotten"]) == (["green"], ["red"])
    assert (told["former"]["classes"], told["former"]["images"]) == (["green"], 32)
    assert told["former"]["before"] == pytest.approx(again.accuracy["by_class"]["green"], abs=0.01)
    low, high = told["former"]["change_ci95"]
    assert low <= told["former"]["after"] - told["former"]["before"] <= high, "on the same images"
    assert workbench.describe_model("both", store=store).spec.labels == ("blue", "green")
    assert workbench.describe_model("squares", store=store).spec.labels == ("red", "green"), "as it was"
    assert main(["train", "--data", str(data), "--name", "x", "--from", "squares", "--size", "small"]) == 2
    assert "keeps its size" in capsys.readouterr().err


def renamed(data: Path, copy: Path, names: tuple[str, ...]) -> Path:
    """The same pictures with other names of classes."""
    shutil.copytree(data, copy)
    text = (copy / "data.yaml").read_text().replace("[red, green]", f"[{', '.join(names)}]")
    (copy / "data.yaml").write_text(text)
    return copy


def test_too_few_images_without_declared_splits_are_not_learnt_from(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "squares", 10, declared=False)
    store = Store(tmp_path / "store")
    with pytest.raises(DatasetError) as caught:
        train_detector(training_plan(data, "mine", store=store), store)
    assert caught.value.code == "too_few_images"


def test_images_that_are_all_declared_for_validation_are_not_learnt_from_and_it_is_said(
    tmp_path: Path,
) -> None:
    data, store = folder_of(tmp_path / "squares", 20, declared=False), Store(tmp_path / "store")
    codes = [notice.code for notice in open_dataset(str(data)).warnings]
    assert codes == ["validation_only"], "before anybody trains on it"
    with pytest.raises(DatasetError, match="declares its 20 images for validation") as caught:
        train_detector(training_plan(data, "mine", store=store), store)
    assert caught.value.code == "only_validation"
    text = (data / "data.yaml").read_text().replace("val:", "train:")
    (data / "data.yaml").write_text(text)
    divided = open_dataset(str(data))
    assert set(divided.splits) >= {"train", "validation"}, "as the remedy says"
    assert [notice.code for notice in divided.warnings] == ["divided"]


def test_the_input_has_the_shape_of_the_pictures(tmp_path: Path) -> None:
    images = open_dataset(str(folder_of(tmp_path / "squares", 2, declared=True))).split("train")
    spec = detector_spec(images, ("red", "green"), 100)
    assert (spec.input_width, spec.input_height) == (96, 96)


def test_what_has_no_boxes_cannot_be_learnt_from(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(DatasetError) as caught:
        train_detector(training_plan("digits", "mine", store=store), store)
    assert caught.value.code == "no_boxes_to_learn"
