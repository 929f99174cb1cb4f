"""Files broken on purpose: the doctor names the right cause, and its mend works."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from broken_files import lower_scores, one_output
from edgeslim import pipeline
from edgeslim.analysis.doctor import saturating as sums
from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES
from edgeslim.analysis.doctor.diagnosis import diagnose
from edgeslim.analysis.doctor.quantized import integer_layers, quantizers
from edgeslim.analysis.doctor.records import Diagnosis, Finding
from edgeslim.artifacts.store import Store
from edgeslim.datasets.street_signs.dataset import Plan, Scenes
from edgeslim.detections import Annotations
from edgeslim.models.base import Model
from edgeslim.models.library import open_model
from edgeslim.pipeline import TaskData
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.report.doctor import diagnosis_lines
from edgeslim.steps.pruning import MagnitudePruning
from edgeslim.steps.quantization.static_int8 import StaticInt8
from edgeslim.steps.recovery.fine_tuning import FineTuning
from edgeslim.texts import LANGUAGES
from test_integer_sums import convolution, exact, integers, saturating

MODEL = "street-signs-small"


class World:
    """The small sample detector with a few scenes of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.model = open_model(MODEL, store)
        self.scenes = Scenes(store, "validation", Plan(20262, range(24)), silent)
        calibration = Scenes(store, "calibration", Plan(20263, range(8)), silent)
        self.data = TaskData(calibration=calibration, evaluation=self.scenes, labels=self.model.spec.labels)

    def made(self, recipe: Recipe, model: Model | None = None) -> onnx.ModelProto:
        made = pipeline.run(recipe, model or self.model, self.data, self.store)
        return onnx.load(self.store.path(made.sha256))

    def case(self, file: onnx.ModelProto, recipe: Recipe | None = None, model: Model | None = None) -> Case:
        model = model or self.model
        return Case(
            original=self.made(Recipe(), model),
            file=file,
            spec=model.spec,
            evaluation=self.scenes,
            labels=model.spec.labels,
            calibration=self.data.calibration,
            recipe=recipe,
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(Store(tmp_path_factory.mktemp("doctor")))


def finding(diagnosis: Diagnosis, cause: str) -> Finding:
    return next(each for each in diagnosis.findings if each.cause == cause)


def told(diagnosis: Diagnosis) -> None:
    """Every finding has its words, in every language."""
    for language in LANGUAGES:
        lines = "\n".join(diagnosis_lines(diagnosis, language))
        assert "{" not in lines
        assert lines


def test_a_shared_scale_is_named_and_float_outputs_mend_it(world: World) -> None:
    model = one_output(world.store)
    recipe = Recipe((StaticInt8(keep_float="none", images=8),))
    case = world.case(world.made(recipe, model), recipe, model)
    found = diagnose(case)
    assert found.lost
    first = found.found[0]
    assert (first.cause, first.elsewhere) == ("shared_scale", False)
    assert float(first.evidence["levels"]) < 2, "scores up to 1 with steps of a pixel"
    assert first.back is not None and first.back.ci95 is not None and first.back.ci95[0] > 0
    assert first.share is not None and first.share > 0.5
    assert finding(found, "per_tensor").verdict == "cleared"
    assert finding(found, "too_strong").reason == "explained"
    told(found)
    assert first.mend is not None and first.mend.recipe is not None
    mended = world.made(Recipe.from_json(first.mend.recipe.to_json()), model)
    regained = case.back(mended)
    assert regained.ci95 is not None and regained.ci95[0] > 0
    assert regained.delta > 0.8 * -found.loss.delta


def test_saturating_sums_are_named_on_any_processor_and_seven_bits_mend_them(world: World) -> None:
    recipe = Recipe((StaticInt8(format="u8s8", reduce_range="off", images=8),))
    found = diagnose(world.case(world.made(recipe), recipe))
    first = found.found[0]
    assert (first.cause, first.elsewhere) == ("saturation", True)
    assert int(first.evidence["largest"]) > 32_767
    assert 0 < int(first.evidence["saturated"]) < int(first.evidence["pairs"])
    assert float(first.evidence["sqnr"]) < 40
    told(found)
    assert first.mend is not None and first.mend.recipe is not None
    mended_recipe = Recipe.from_json(first.mend.recipe.to_json())
    mended = CAUSES.get("saturation").look(world.case(world.made(mended_recipe), mended_recipe))
    assert (mended.verdict, mended.reason) == ("cleared", "seven_bits")


def test_a_moved_threshold_is_named_and_another_one_mends_it(world: World) -> None:
    file = world.made(Recipe())
    lower_scores(file)
    case = world.case(file)
    found = diagnose(case)
    (only,) = found.found
    assert only.cause == "threshold"
    assert float(only.evidence["after"]) < 0.7 * float(only.evidence["before"])
    assert only.mend is not None and only.mend.threshold is not None
    assert only.mend.threshold == pytest.approx(1 / (1 + np.exp(2)), abs=0.1), "a logit of 0, less 2"
    told(found)
    assert float(CAUSES.get("threshold").look(world.case(file)).evidence["there"]) > 0.9 * float(
        only.evidence["before"]
    )


def test_nothing_found_is_an_answer(world: World) -> None:
    found = diagnose(world.case(world.made(Recipe())))
    assert not found.found and not found.lost
    assert {each.cause for each in found.findings} == set(CAUSES.names())
    told(found)


@pytest.mark.parametrize("shape", [(8, 16, 1, 1), (8, 6, 3, 3), (4, 3, 3, 3)])
def test_saturation_is_computed_as_the_kernels_do_it(shape: tuple[int, ...]) -> None:
    """Against products of neighbours summed in numpy, at every position of a convolution."""
    weight = integers(np.int8, shape, seed=3)
    image = integers(np.uint8, (1, shape[1], 8, 8)).astype(np.float32)
    model = convolution(weight)
    layers = integer_layers(model, quantizers(model, model))
    (outputs,), counts = sums.run(model, layers, [image], 1)
    size = 9 - shape[2]
    patches = np.stack(
        [
            image[0, :, y : y + shape[2], x : x + shape[3]].transpose(1, 2, 0).ravel()
            for y in range(size)
            for x in range(size)
        ]
    ).astype(np.uint8)
    rows = weight.transpose(2, 3, 1, 0).reshape(-1, shape[0])
    wanted = saturating(patches, rows)
    assert (wanted != exact(patches, rows)).any() and counts.saturated > 0
    codes = np.clip(np.rint(wanted / 4096) + 128, 0, 255)
    np.testing.assert_allclose(outputs[0][0].reshape(shape[0], -1).T, (codes - 128) * 4096)


class Dim:
    """The images of a split, of which only the darkest tenth of the brightness is left."""

    def __init__(self, scenes: Scenes) -> None:
        self.scenes, self.fingerprint = scenes, f"{scenes.fingerprint} dim"

    def __len__(self) -> int:
        return len(self.scenes)

    def image(self, index: int) -> np.ndarray:
        return (self.scenes.image(index) * 0.1).astype(np.uint8)

    def target(self, index: int) -> Annotations:
        return self.scenes.target(index)

    def image_id(self, index: int) -> str:
        return self.scenes.image_id(index)


def test_calibration_images_unlike_the_data_are_told_from_ranges_that_clip(world: World) -> None:
    recipe = Recipe((StaticInt8(images=8),))
    scenes = world.data.calibration
    assert isinstance(scenes, Scenes)
    data = dataclasses.replace(world.data, calibration=Dim(scenes))
    made = pipeline.run(recipe, world.model, data, world.store)
    case = world.case(onnx.load(world.store.path(made.sha256)), recipe)
    case.calibration = data.calibration
    unlike = CAUSES.get("calibration").look(case)
    assert (unlike.verdict, unlike.reason) == ("found", "unlike")
    assert float(unlike.evidence["outside"]) > 0.1 > float(unlike.evidence["calibrating"])
    assert unlike.mend is not None and unlike.mend.kind == "calibration"
    case.calibration = (
        scenes  # the same ranges, with images like the data: the ranges themselves are at fault
    )
    del case.calibrating
    assert CAUSES.get("calibration").look(case).reason == "clipped"


def resized(world: World, factors: np.ndarray) -> Model:
    """The same network with the filters of its first layer in other sizes, which ReLU passes on unchanged."""
    graph = world.made(Recipe())
    weights = {item.name: item for item in graph.graph.initializer}
    first, second = [node for node in graph.graph.node if node.op_type == "Conv"][:2]
    for name, factor in (
        (first.input[1], factors[:, None, None, None]),
        (first.input[2], factors),
        (second.input[1], 1 / factors[None, :, None, None]),
    ):
        weights[name].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights[name]) * factor, name))
    sha256 = world.store.put(graph.SerializeToString())
    return dataclasses.replace(world.model, path=world.store.path(sha256), sha256=sha256)


CHANNELS = 8


def test_one_scale_for_all_channels_is_named_where_channels_differ(world: World) -> None:
    model = resized(world, np.where(np.arange(CHANNELS) % 4 == 0, 1, 1 / 200).astype(np.float32))
    recipe = Recipe((StaticInt8(per_channel=False, images=8),))
    case = world.case(world.made(recipe, model), recipe, model)
    plain = world.case(world.made(Recipe()))
    assert case.original_score.value == pytest.approx(plain.original_score.value, abs=0.01)
    found = CAUSES.get("per_tensor").look(case)
    assert found.verdict == "found"
    assert float(found.evidence["few"]) >= 0.75, "in the layer where all but every fourth filter is small"
    assert found.mend is not None and found.mend.values == {"step": "static_int8", "per_channel": True}


def test_a_stem_with_a_huge_range_is_named_and_mended_by_keeping_it_float(world: World) -> None:
    model = resized(world, np.where(np.arange(CHANNELS) == 3, 500, 1).astype(np.float32))
    recipe = Recipe((StaticInt8(images=8),))
    case = world.case(world.made(recipe, model), recipe, model)
    found = CAUSES.get("noisy_tensor").look(case)
    assert (found.verdict, found.reason) == ("found", "activation")
    assert found.evidence["layer"] == 2, "what the stem gives the second layer"
    assert float(found.evidence["peak"]) > 50 * float(found.evidence["median"])
    assert found.mend is not None and found.mend.recipe is not None
    mended = world.made(Recipe.from_json(found.mend.recipe.to_json()), model)
    assert case.back(mended).delta > 0.8 * -case.loss.delta


def test_filters_pruned_whole_are_dead_channels_and_pruning_each_layer_alike_mends_them(world: World) -> None:
    recipe = Recipe((MagnitudePruning(sparsity=0.3, scope="filter"),))
    case = world.case(world.made(recipe), recipe)
    found = CAUSES.get("dead_channels").look(case)
    assert found.verdict == "found" and found.share is not None and found.share > 0.5
    zero = [
        (np.abs(numpy_helper.to_array(item)).reshape(item.dims[0], -1).max(axis=1) == 0).sum()
        for item in case.file.graph.initializer
        if len(item.dims) == 4
    ]
    assert 0 < int(found.evidence["channels"]) >= sum(zero), "and those behind which nothing is left"
    assert found.mend is not None and found.mend.recipe is not None
    assert found.mend.values == {"step": "magnitude_pruning", "scope": "layer"}
    mended = world.made(Recipe.from_json(found.mend.recipe.to_json()))
    assert case.back(mended).delta > 0.5 * -case.loss.delta
    whole = CAUSES.get("dead_channels").look(world.case(world.made(Recipe())))
    assert (whole.verdict, whole.reason) == ("cleared", "none_dead")


def test_training_that_lost_it_is_named_and_left_out(world: World) -> None:
    """As a diverged training leaves a network: weights far from those it began with."""
    pruning = MagnitudePruning(sparsity=0.2)
    before = world.made(Recipe((pruning,)))
    after, rng = copy.deepcopy(before), np.random.default_rng(0)
    for item in after.graph.initializer:
        if len(item.dims) == 4:
            weight = numpy_helper.to_array(item)
            noise = rng.normal(0, weight.std(), weight.shape).astype(np.float32)
            item.CopyFrom(numpy_helper.from_array(weight + noise, item.name))
    case = world.case(after, Recipe((pruning, FineTuning(learning_rate=0.01))))
    case.stages = [("magnitude_pruning", before), ("fine_tuning", after)]
    found = diagnose(case)
    first = found.found[0]
    assert (first.cause, first.reason, first.evidence["place"]) == ("too_strong", "training", 2)
    assert first.mend is not None and first.mend.recipe is not None
    assert Recipe.from_json(first.mend.recipe.to_json()) == Recipe((pruning,))
    assert case.back(world.made(Recipe((pruning,)))).delta > 0.8 * -found.loss.delta
    told(found)


def test_images_that_reach_the_original_otherwise_than_in_training_are_named(world: World) -> None:
    case = world.case(world.made(Recipe()))
    case.spec = dataclasses.replace(case.spec, scale=1.0)
    found = diagnose(case)
    (only,) = found.found
    assert only.cause == "specification" and not found.lost, "the file is fed as wrongly as the original"
    assert float(only.evidence["score"]) < 0.1 < 0.4 < float(only.evidence["better"])
    assert only.mend is not None and only.mend.kind == "spec"
    assert float(str(only.mend.values["scale"])) == pytest.approx(world.model.spec.scale)
    told(found)
