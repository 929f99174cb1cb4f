"""What every registered step owes: its input untouched, equal bytes twice, bounds survived, refusals with a remedy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnx
import pytest
import torch
from step_cases import applied, bounds, code_of, final, quick, refusal, training_form, tried

from edgeslim.errors import InfeasibleError, RecipeError
from edgeslim.export.onnx import deployable, to_bytes
from edgeslim.metrics import graph as graphs
from edgeslim.metrics.counts import weights_of
from edgeslim.params import param, parameters
from edgeslim.steps import STEPS, OnnxStep, Step, StepContext, TorchStep
from edgeslim.steps.pruning import MagnitudePruning, NOfMPruning
from example_networks import NETWORKS

TORCH_STEPS = [step.name for step in STEPS if issubclass(step, TorchStep)]
ONNX_STEPS = [step.name for step in STEPS if issubclass(step, OnnxStep)]
REFUSED = {
    ("channel_pruning", "gru"): "no_channels_to_prune",
    ("dynamic_int8", "depthwise_se"): "nothing_dynamic",
    ("dynamic_int8", "residual_concat_pyramid"): "nothing_dynamic",
    ("fine_tuning", "residual_concat_pyramid"): "family_without_loss",
    ("low_rank", "depthwise_se"): "low_rank_unreachable",
    ("low_rank", "gru"): "low_rank_unreachable",
}
"""(step, network) → code: all that steps with their default parameters refuse to do."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The uncompressed file of each network."""
    folder = tmp_path_factory.mktemp("originals")
    paths = {name: folder / f"{name}.onnx" for name in NETWORKS}
    for name, path in paths.items():
        path.write_bytes(to_bytes(training_form(name)))
    return paths


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", STEPS.names())
def test_step_runs_leaves_its_input_alone_and_is_deterministic(
    name: str, network: str, original: dict[str, Path]
) -> None:
    step = quick(STEPS.get(name))
    found = tried(step, network, original[network])
    asked = beforehand(step, original[network])
    assert asked is None or asked == found, "what is refused beforehand would fail"
    told = ("nothing_dynamic", "no_channels_to_prune", "nothing_to_quantize", "no_int8_layers")
    assert asked is not None or found not in told, "what would fail is refused beforehand"
    if isinstance(found, str) or (name, network) in REFUSED:
        assert found == REFUSED.get((name, network))
        return
    first, told = found
    json.dumps(told.info, allow_nan=False)
    torch.rand(7)
    np.random.default_rng().random(3)
    second, _ = applied(step, network, original[network])
    assert to_bytes(second) == to_bytes(first)
    if "file" not in step.changes:
        size, before = (len(to_bytes(final(each))) for each in (first, training_form(network)))
        assert size == pytest.approx(before, rel=0.02)


def beforehand(step: Step, path: Path) -> str | None:
    """The code with which the step refuses the graph before anything is computed."""
    try:
        step.check_graph(onnx.load(path).graph)
    except RecipeError as error:
        return code_of(error)
    return None


EDGES = [
    pytest.param(cls, item.name, value, id=f"{cls.name}-{item.name}-{value}")
    for cls in STEPS
    for item in parameters(cls)
    if item.choices is not None or item.type is not str
    for value in bounds(item)
    if quick(cls, **{item.name: value}) != quick(cls)
]
"""Values at the edges, but for those of a step as it is anyway: these run above."""
REFUSED_AT_EDGES = {
    ("channel_pruning", "target", "latency"): "target_unreachable",
    ("distil_from_original", "features", "foreground"): "no_foreground",
    ("distil_from_teacher", "features", "foreground"): "no_foreground",
    ("low_rank", "keep", 0.05): "low_rank_unreachable",
    ("low_rank", "round_to", 64): "low_rank_not_cheaper",
    ("mixed_low_bit_weights", "average_bits", 1.0): "bits_unreachable",
    ("n_of_m_pruning", "m", 2): "n_of_m_keeps_all",
    ("n_of_m_pruning", "n", 31): "n_of_m_keeps_all",
    ("static_int8", "equalize", True): "nothing_to_equalize",
    ("static_int8", "keep_float", "first_and_outputs"): "all_kept_float",
    ("static_int8", "keep_float", "first_depthwise_and_outputs"): "all_kept_float",
}
"""(step, parameter, value) → code: all that steps refuse at the edges, on the plain network."""


@pytest.mark.parametrize(("cls", "parameter", "value"), EDGES)
def test_step_works_at_the_bounds_of_its_parameters_or_refuses_as_stated(
    cls: type[Step], parameter: str, value: object, original: dict[str, Path]
) -> None:
    found = refusal(quick(cls, **{parameter: value}), "plain_cnn", original["plain_cnn"])
    assert found == REFUSED_AT_EDGES.get((cls.name, parameter, value))


def test_stated_refusals_are_of_edges_that_are_tried() -> None:
    edges = [(cls.name, parameter, value) for cls, parameter, value in (edge.values for edge in EDGES)]
    assert set(REFUSED_AT_EDGES) <= set(edges)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwilling(OnnxStep):
    """Refuses whatever it is asked."""

    name: ClassVar[str] = "unwilling"
    share: float = param(0.5, low=0.0, high=1.0)

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        raise RecipeError("nothing_to_prune")


def test_a_step_that_refuses_at_every_bound_does_not_keep_the_contract(original: dict[str, Path]) -> None:
    values = bounds(parameters(Unwilling)[0])
    assert values == [0.0, 1.0]
    for value in values:
        with pytest.raises(AssertionError, match="'nothing_to_prune' == None"):
            test_step_works_at_the_bounds_of_its_parameters_or_refuses_as_stated(
                Unwilling, "share", value, original
            )


@pytest.mark.parametrize("name", TORCH_STEPS)
def test_what_a_torch_step_leaves_every_onnx_step_can_store(name: str, original: dict[str, Path]) -> None:
    after, _ = applied(quick(STEPS.get(name)), "plain_cnn", original["plain_cnn"])
    before = deployable(after)
    refused = {
        storing: refusal(quick(STEPS.get(storing)), "plain_cnn", original["plain_cnn"], before)
        for storing in ONNX_STEPS
    }
    assert refused == dict.fromkeys(ONNX_STEPS)


@cache
def pruned(original: Path) -> onnx.ModelProto:
    """The plain network with half of each layer's weights zero."""
    return applied(MagnitudePruning(scope="layer"), "plain_cnn", original)[0]


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    found = weights_of(graphs.read(final(model), None))
    return {name: weight for name, weight in found.items() if weight.ndim > 1}


@pytest.mark.parametrize("name", STEPS.names())
def test_zeros_stay_zero_unless_the_step_says_that_it_fills_them(
    name: str, original: dict[str, Path]
) -> None:
    step, path = quick(STEPS.get(name)), original["plain_cnn"]
    if step.shipped_as_made:
        pytest.skip("the file is another tool's, with its own zeros")
    given = pruned(path)
    try:
        after, told = applied(
            step, "plain_cnn", path, given if isinstance(step, TorchStep) else deployable(given)
        )
    except (RecipeError, InfeasibleError) as error:
        pytest.fail(f"refused pruned weights: {code_of(error)}")
    json.dumps(told.info, allow_nan=False)
    shares = [float((weight == 0).mean()) for weight in weights(after).values()]
    before = [float((weight == 0).mean()) for weight in weights(given).values()]
    assert before == pytest.approx([0.5] * 3, abs=0.01)
    if "zeros" in step.destroys:
        assert min(shares) < 0.01
    else:
        assert min(shares) > 0.45


@pytest.mark.parametrize("name", TORCH_STEPS)
def test_a_pattern_of_zeros_stays_unless_the_step_says_that_it_breaks_it(
    name: str, original: dict[str, Path]
) -> None:
    path = original["plain_cnn"]
    given, _ = applied(NOfMPruning(n=1, m=4), "plain_cnn", path)
    after, _ = applied(quick(STEPS.get(name)), "plain_cnn", path, given)
    assert most_of_four(given) == 1
    if "pattern" not in STEPS.get(name).destroys:
        assert most_of_four(after) == 1


def most_of_four(model: onnx.ModelProto) -> int:
    """The most weights that are not zero, of any four neighbouring inputs."""
    groups = [
        np.moveaxis(weight, 1, -1)[..., : weight.shape[1] // 4 * 4].reshape(-1, 4)
        for item in model.graph.initializer
        if len(item.dims) > 1 and (weight := onnx.numpy_helper.to_array(item)).shape[1] >= 4
    ]
    return max(int(np.count_nonzero(group, axis=1).max()) for group in groups)
