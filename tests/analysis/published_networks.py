"""Files of the sample study as networks of layers."""

from functools import cache

import onnx

from edgeslim import workbench
from edgeslim.analysis.network import Network
from edgeslim.analysis.network_reading import network_of
from edgeslim.studies.trial import TrialResult


def trial(*steps: str) -> TrialResult:
    """A trial of the sample study with these steps whose file comes with it."""
    study = workbench.sample_study()
    assert study is not None
    return next(
        each
        for each in study.trials
        if tuple(step["step"] for step in each.recipe.steps) == steps
        and each.sha256
        and workbench.has_artifact(each.sha256)
    )


@cache
def model(*steps: str) -> onnx.ModelProto:
    return onnx.load_model_from_string(workbench.artifact_bytes(trial(*steps).sha256 or ""))


@cache
def network(*steps: str) -> Network:
    return network_of(model(*steps))
