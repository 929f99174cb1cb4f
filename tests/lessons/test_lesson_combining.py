"""Combining: order matters by more than the interval, savings multiply only in part, each step must earn its place."""

from __future__ import annotations

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import RecipeError
from edgeslim.lessons.base import Outcome
from edgeslim.lessons.combining.build import Build
from edgeslim.lessons.combining.deep import SHARES, Ablation, Deep
from edgeslim.lessons.combining.order import Order
from edgeslim.lessons.combining.recipes import prune, share_values, train
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.recipe import Recipe


def kept(setting, tmp_path) -> Outcome:
    found = outcome("combining", setting, Store(tmp_path))
    assert found is not None
    return found


def test_order_matters_by_more_than_the_interval(tmp_path) -> None:
    for share in (0.8, 0.9):
        facts = kept(Order(share=share), tmp_path).facts
        assert facts["as_listed_quality"].surely_above(facts["swapped_quality"])
    gentle = kept(Order(share=0.5), tmp_path).facts
    assert not gentle["as_listed_quality"].surely_above(gentle["swapped_quality"])


def test_two_kinds_of_pruning_have_an_order_too_where_little_is_left(tmp_path) -> None:
    facts = kept(Order(pair="channels_weights", share=0.9), tmp_path).facts
    assert facts["swapped_quality"].surely_above(facts["as_listed_quality"])


@pytest.mark.parametrize("later", [train, lambda: prune(0.5)], ids=["train", "prune"])
def test_what_would_destroy_the_few_values_is_refused(later) -> None:
    with pytest.raises(RecipeError):
        Recipe((share_values(16), later()))


def test_deep_compression_is_thirteen_times_smaller_with_no_loss_that_can_be_shown(tmp_path) -> None:
    facts = kept(Deep(), tmp_path).facts
    assert facts["times_smaller"].value == pytest.approx(13.4, abs=0.5)
    assert facts["shared_change"].low < 0 < facts["shared_change"].high
    assert facts["pruned_file"].value == facts["trained_file"].value == facts["original_file"].value
    assert facts["trained_quality"].surely_above(facts["pruned_quality"])


def test_savings_multiply_only_in_part(tmp_path) -> None:
    facts = kept(Deep(), tmp_path).facts
    ablated = kept(Ablation(), tmp_path).facts
    original = facts["original_file"].value
    pruning = original / ablated["without_share_values_download"].value
    sharing = original / ablated["without_prune_download"].value
    assert max(pruning, sharing) < facts["times_smaller"].value < 0.6 * pruning * sharing


def test_each_step_earns_its_place_in_bytes_or_in_accuracy(tmp_path) -> None:
    answers = {}
    for share in SHARES:
        found = kept(Ablation(share=share), tmp_path)
        facts, answers[share] = found.facts, found.answer
        whole = facts["whole_download"].value
        assert facts["without_prune_download"].value > 1.2 * whole
        assert facts["without_share_values_download"].value > 2 * whole
    assert answers[0.8] == "share_values" and answers[0.9] == "prune"
    facts = kept(Ablation(), tmp_path).facts
    assert facts["whole_quality"].surely_above(facts["without_train_quality"])


def test_another_recipe_is_smaller_than_deep_compression_and_not_surely_worse(tmp_path) -> None:
    other = kept(Build(shape="channels_50", storage="bits_2"), tmp_path).facts
    deep = kept(Deep(), tmp_path).facts
    assert other["download"].value < 0.7 * deep["shared_download"].value
    assert not deep["shared_quality"].surely_above(other["quality"])


def test_a_setting_computed_anew_gives_what_is_kept(tmp_path) -> None:
    setting = Build(shape="channels_50", trained=False, storage="values_16")
    anew, before = setting.run(Lab(Store(tmp_path))), kept(setting, tmp_path)
    assert anew.facts["quality"].value == pytest.approx(before.facts["quality"].value, abs=0.02)
    assert anew.facts["file"].value == pytest.approx(before.facts["file"].value, rel=0.01)
