"""The ready-made recipe lists: sound, distinct, sharing what they can, and cut to what is there."""

from __future__ import annotations

import onnx
import pytest

from edgeslim.models.catalogue import open_sample
from edgeslim.recipe import Recipe
from edgeslim.steps.base import Need
from edgeslim.studies.preset import LeftOut
from edgeslim.studies.presets import PRESETS, fitting

EVERYTHING: frozenset[Need] = frozenset({"calibration", "train", "loss"})
RECOVERY = "recovery"


def recipes(name: str) -> list[Recipe]:
    return fitting(PRESETS.get(name), EVERYTHING)[0]


def trains(recipe: Recipe) -> bool:
    return any("trained" in step.to_json().values() or step.group == "training" for step in recipe.steps)


def counts(name: str, step: str) -> int:
    return sum(any(each.name == step for each in recipe.steps) for recipe in recipes(name))


@pytest.mark.parametrize("name", PRESETS.names())
def test_recipes_are_sound_distinct_and_named(name: str):
    preset = PRESETS.get(name)
    found = [Recipe.from_json(recipe) for recipe in preset.recipes]
    assert len(recipes(name)) == len(preset.variants)
    assert len({recipe.fingerprint() for recipe in found}) == len(found)
    for there in (EVERYTHING, frozenset({"calibration"})):
        fit, _ = fitting(preset, there)
        assert len({recipe.title for recipe in fit}) == len(fit)
    assert all(recipe.steps and recipe.name for recipe in found)


def test_quick_has_ten_recipes_four_with_fine_tuning_and_shares_them():
    assert len(recipes("quick")) >= 10
    assert counts("quick", "fine_tuning") >= 4
    tunings = {
        recipe.prefix(i + 1).fingerprint()
        for recipe in recipes("quick")
        for i, step in enumerate(recipe.steps)
        if step.name == "fine_tuning"
    }
    assert len(tunings) < counts("quick", "fine_tuning")


def test_quick_keeps_to_five_minutes_and_begins_with_what_is_faster_on_any_processor():
    assert PRESETS.get("quick").minutes == 5
    order = [[step.name for step in recipe.steps] for recipe in recipes("quick")]
    assert order.index(["channel_pruning", "fine_tuning"]) < order.index(["magnitude_pruning", "fine_tuning"])
    assert order[:2] == [["float16"], ["static_int8"]]


def test_what_breaks_is_tried_without_and_with_recovery():
    found = recipes("break-and-recover")
    cut = [recipe for recipe in found if len(recipe.steps) == 1]
    recovered = {recipe.prefix(1).fingerprint() for recipe in found if len(recipe.steps) > 1}
    assert len(recovered) >= 6
    assert recovered <= {recipe.fingerprint() for recipe in cut}


def test_post_training_trains_nothing_and_has_six_kinds_of_int8():
    fit, left_out = fitting(PRESETS.get("post-training"), frozenset({"calibration"}))
    assert left_out == []
    assert not [recipe for recipe in fit if trains(recipe)]
    assert sum(recipe.steps[0].name == "static_int8" for recipe in fit) >= 6
    assert any(recipe.steps[0].name == "float16" for recipe in fit)


@pytest.mark.parametrize(
    "name", ["label-free", "deep-compression", "edge-int8", "techniques", "tiny", "one-bit"]
)
def test_without_labels_nothing_is_lost_but_the_control_with_labels(name: str):
    fit, left_out = fitting(PRESETS.get(name), frozenset({"calibration"}))
    assert {recipe.title for recipe in left_out} <= {"tuning alone"}
    assert len(fit) >= 6
    assert not {step.name for recipe in fit for step in recipe.steps} & {"fine_tuning"}
    assert {need for recipe in fit for step in recipe.steps for need in step.needs} <= {"calibration"}


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("deep-compression", ["magnitude_pruning", RECOVERY, "weight_clustering"]),
        ("edge-int8", ["channel_pruning", RECOVERY, "quantization_aware_training"]),
        ("tiny", ["channel_pruning", "low_rank", RECOVERY, "low_bit_weights"]),
    ],
)
@pytest.mark.parametrize("there", [EVERYTHING, frozenset({"calibration"})], ids=["labels", "no_labels"])
def test_named_recipes_have_their_order_in_at_least_three_strengths(
    name: str, order: list[str], there: frozenset[Need]
):
    recovery = ["fine_tuning"] if "loss" in there else ["match_statistics", "distil_from_original"]
    wanted = [part for step in order for part in (recovery if step == RECOVERY else [step])]
    fit, _ = fitting(PRESETS.get(name), there)
    assert sum([step.name for step in recipe.steps] == wanted for recipe in fit) >= 3


def test_labels_are_used_where_there_are_any():
    fit, _ = fitting(PRESETS.get("one-bit"), EVERYTHING)
    trained = [recipe for recipe in fit if trains(recipe)]
    assert len(trained) == 3
    assert all("loss" in recipe.steps[0].needs for recipe in trained)


def test_the_sample_study_has_sixteen_recipes():
    assert len(recipes("sample")) >= 16


def test_recipes_that_need_what_is_missing_are_left_out_and_said():
    fit, left_out = fitting(PRESETS.get("quick"), frozenset({"calibration"}))
    assert [recipe.title for recipe in fit] == [
        recipe.title for recipe in recipes("quick") if "tuning" not in recipe.title
    ]
    assert len(fit) == 6
    assert LeftOut("tuning alone", ("loss", "train")) in left_out
    assert len(fit) + len(left_out) == len(PRESETS.get("quick").variants)
    fit, _ = fitting(PRESETS.get("post-training"), frozenset())
    assert [recipe.title for recipe in fit] == ["float16"]


def test_a_recipe_that_would_keep_the_whole_network_in_float_is_left_out():
    few, many = (open_sample(name).path for name in ("digits-cnn", "street-signs-small"))
    fit, left_out = fitting(PRESETS.get("post-training"), EVERYTHING, onnx.load(few).graph)
    titles = ["int8, first float", "int8, first and depthwise float"]
    assert left_out == [LeftOut(title, ("layers",)) for title in titles]
    assert len(fit) + len(left_out) == len(PRESETS.get("post-training").variants)
    assert fitting(PRESETS.get("post-training"), EVERYTHING, onnx.load(many).graph)[1] == []


def test_techniques_shows_one_of_each_kind_and_what_goes_together():
    groups = {step.group for recipe in recipes("techniques") for step in recipe.steps}
    assert groups >= {"pruning", "low_rank", "quantization", "clustering", "training"}
    assert any(
        [s.name for s in r.steps] == ["mixed_low_bit_weights", "robust_int8"] for r in recipes("techniques")
    )
