"""Every step on YOLOX-Nano: it runs and gives outputs of the same form, or says what it cannot do there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from step_cases import code_of, quick

from edgeslim.artifacts.store import Store
from edgeslim.detections import Annotations
from edgeslim.errors import InfeasibleError, RecipeError
from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes
from edgeslim.models.base import Model
from edgeslim.models.importing import import_file
from edgeslim.models.proof import run
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import STEPS, OnnxStep, StepContext, TorchStep
from example_networks import RandomImages

REFUSED = {"dynamic_int8": "nothing_dynamic"}
"""Step → code."""


class Boxed(RandomImages):
    """One box in each image."""

    def target(self, index: int) -> Annotations:
        return Annotations.of(np.array([[8, 8, 24, 24]], np.float32), np.array([super().target(index)]))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = Path(__file__).parents[3] / "shared" / "data" / "models" / "yolox_nano.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return import_file(path, None, Store(tmp_path_factory.mktemp("store")))


@pytest.mark.parametrize("name", STEPS.names())
def test_step_runs_on_a_real_detector_or_refuses(name: str, model: Model) -> None:
    images = Boxed(2)
    told = StepContext(spec=model.spec, original=model.path, calibration=images, train=images, teacher=model)
    step, given = quick(STEPS.get(name)), onnx.load(model.path)
    try:
        if isinstance(step, TorchStep):
            module = step.apply(to_torch(given), told)
            result = deployable(export_training_form(module, model.spec.input_shape, "images", ["output"]))
        else:
            assert isinstance(step, OnnxStep)
            result = step.apply(deployable(given), told)
    except (RecipeError, InfeasibleError) as error:
        assert code_of(error) == REFUSED.get(name)  # noqa: PT017
        return
    assert name not in REFUSED
    image = np.random.default_rng(0).random(model.spec.input_shape, np.float32) * np.float32(255)
    (output,) = run(to_bytes(shipped(result)), [image])[0]
    assert output.shape == (1, 3549, 85)
    assert np.isfinite(output).all()
