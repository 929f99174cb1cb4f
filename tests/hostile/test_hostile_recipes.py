"""Recipes and specifications that nobody should trust, by the doors of `compress` and `import-model`."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hostile_json import hostile_json
from hostile_models import network
from watching import FIRST

from edgeslim import workbench
from edgeslim.errors import EdgeSlimError
from edgeslim.models.spec import load_spec, spec_from_json

RECIPES = [
    {"name": "small", "seed": 3, "steps": [{"step": "channel_pruning", "ratio": 0.3}, {"step": "float16"}]},
    [
        {"steps": [{"step": "low_bit_weights", "bits": 4}]},
        {"name": "b", "steps": [{"step": "distil_from_teacher", "teacher": "digits-cnn"}]},
    ],
    {"recipes": [{"steps": [{"step": "weight_clustering", "clusters": 16}, {"step": "static_int8"}]}]},
]
SPEC = {
    "task": "detection",
    "family": "yolov8",
    "input_width": 64,
    "input_height": 48,
    "color": "RGB",
    "scale": 0.01,
    "mean": [0.5, 0.5, 0.5],
    "std": [0.2, 0.2, 0.2],
    "resize": "letterbox",
    "pad_value": 114,
    "strides": [8, 16],
    "labels": ["a", "b", "c"],
    "confidence": 0.1,
    "nms_iou": 0.5,
    "class_agnostic_nms": True,
    "max_detections": 100,
}


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 120))
def test_recipe(seed: int, door, tmp_path: Path) -> None:
    """There is no such model: what is read ends there, so nothing is computed. What was read can be written again."""
    random = Random(f"recipe {seed}")
    file = tmp_path / "given" / "recipe.json"
    file.write_bytes(hostile_json(random.choice(RECIPES), random))
    given = ["--model", "none", "--data", "digits", "--recipe", file, "--out", tmp_path / "outside"]
    assert door("compress", *given) == 2
    try:
        recipes = workbench.read_recipes(file)
    except EdgeSlimError:
        return
    for recipe in recipes:
        text = json.dumps([recipe.to_json(), recipe.title], ensure_ascii=False, allow_nan=False).encode()
        assert type(recipe).from_json(json.loads(text)[0]) == recipe


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 50))
def test_specification(seed: int, door, tmp_path: Path) -> None:
    random = Random(f"spec {seed}")
    model, file = tmp_path / "given" / "m.onnx", tmp_path / "given" / "spec.json"
    model.write_bytes(network(random).SerializeToString())
    file.write_bytes(hostile_json(SPEC, random))
    code = door("import-model", model, "--spec", file)
    try:
        spec = load_spec(file)
    except EdgeSlimError:
        assert code == 2
        return
    text = json.dumps(spec.to_json(), ensure_ascii=False, allow_nan=False).encode()
    assert spec_from_json(json.loads(text)) == spec
