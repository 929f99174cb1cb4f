"""Measured sensitivity: kept by technique and strength, ranked, with labels by paired intervals."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from edgeslim.analysis import sensitivity as module
from edgeslim.analysis.deployed import required, spread
from edgeslim.analysis.results import PairedChange
from edgeslim.analysis.sensitivity import SENSITIVITY, accuracy_sensitivity, output_sensitivity, ranks
from edgeslim.artifacts.store import Store
from edgeslim.errors import DatasetError, EdgeSlimError, ModelError
from edgeslim.models.base import Model
from edgeslim.records import encoded
from example_networks import CLASSES, RandomImages

IMAGES = RandomImages(12)
LABELS = tuple(f"class {index}" for index in range(CLASSES))
SOME = {"low_bit_weights": (2, 8), "magnitude_pruning": (0.5,)}
Make = Callable[[str], Model]


def test_ranks_share_places_among_equals() -> None:
    assert ranks({"a": 0.1, "b": 3.0, "c": 0.1, "d": 1.0}) == {"a": 3.5, "b": 1.0, "c": 3.5, "d": 2.0}


def test_layers_are_measured_and_ranked(model_named: Make, store: Store) -> None:
    found = output_sensitivity(model_named("plain_cnn"), IMAGES, store, SOME, images=3)
    json.dumps(encoded(found), allow_nan=False)
    assert (found.measure, found.images, len(found.layers)) == ("output_error", 3, 3)
    assert [(x.technique, x.strength) for x in found.techniques] == [
        ("low_bit_weights", 2.0),
        ("low_bit_weights", 8.0),
        ("magnitude_pruning", 0.5),
    ]
    for line in found.techniques:
        worst = max(line.values, key=lambda layer: line.values[layer])
        assert line.ranks[worst] == 1.0
        assert set(line.values) == {layer.name for layer in found.layers}


def test_only_what_is_missing_is_measured(
    model_named: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, list[float]]] = []
    measure = module.layer_sensitivity

    def spy(graph, images, techniques, **options):  # type: ignore[no-untyped-def]
        asked.append({name: list(strengths) for name, strengths in techniques.items()})
        return measure(graph, images, techniques, **options)

    monkeypatch.setattr(module, "layer_sensitivity", spy)
    model = model_named("mlp")
    first = output_sensitivity(model, IMAGES, store, SOME, images=3)
    assert output_sensitivity(model, IMAGES, store, SOME, images=3) == first
    assert asked == [{"low_bit_weights": [2.0, 8.0], "magnitude_pruning": [0.5]}]
    more = output_sensitivity(model, IMAGES, store, {**SOME, "low_bit_weights": (2, 4)}, images=3)
    assert asked[1:] == [{"low_bit_weights": [4.0]}]
    assert more.techniques[0] == first.techniques[0]
    output_sensitivity(model, IMAGES, store, SOME, images=4)
    output_sensitivity(model, RandomImages(12, seed=1), store, SOME, images=3)
    assert len(asked) == 4
    assert (
        len(store.keys(SENSITIVITY)) == 1 + 4 + 3 + 3
    )  # the layers, then one for each technique and strength


def test_a_cached_answer_does_not_open_the_model(
    model_named: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_named("mlp")
    first = output_sensitivity(model, IMAGES, store, SOME)
    monkeypatch.setattr(module, "open_deployed", lambda _: pytest.fail("opened"))
    assert output_sensitivity(model, IMAGES, store, SOME) == first


def test_an_unknown_technique_is_refused_before_anything_is_measured(model_named: Make, store: Store) -> None:
    with pytest.raises(EdgeSlimError, match="weight_clustering"):
        output_sensitivity(model_named("mlp"), IMAGES, store, {"weight_clusters": (4,)})
    assert store.keys(SENSITIVITY) == []


def test_with_labels_the_change_of_accuracy_is_told_with_its_paired_interval(
    model_named: Make, store: Store
) -> None:
    model = model_named("plain_cnn")
    found = accuracy_sensitivity(
        model, IMAGES, LABELS, IMAGES, store, {"magnitude_pruning": (0.0, 1.0)}, images=10
    )
    assert (found.measure, found.images) == ("top1", 10)
    nothing, everything = (line.values for line in found.techniques)
    assert all(value == PairedChange(delta=0.0, ci95=(0.0, 0.0)) for value in nothing.values())
    for value in everything.values():
        assert isinstance(value, PairedChange) and value.ci95
        low, high = value.ci95
        assert low <= value.delta <= high
        assert -1 <= value.delta <= 1
    assert (
        accuracy_sensitivity(
            model, IMAGES, LABELS, IMAGES, store, {"magnitude_pruning": (1.0,)}, images=10
        ).techniques
        == found.techniques[1:]
    )


def test_with_labels_one_strength_of_each_technique_is_usual(model_named: Make, store: Store) -> None:
    found = accuracy_sensitivity(model_named("mlp"), IMAGES, LABELS, IMAGES, store, images=4)
    assert [(x.technique, x.strength) for x in found.techniques] == [
        ("magnitude_pruning", 0.5),
        ("channel_pruning", 0.3),
        ("low_rank", 0.5),
        ("low_bit_weights", 4),
        ("weight_clustering", 16),
        ("int8_activations", 8),
    ]


def test_a_family_that_cannot_be_read_cannot_be_scored(model_named: Make, store: Store) -> None:
    with pytest.raises(ModelError) as caught:
        accuracy_sensitivity(model_named("residual_concat_pyramid"), IMAGES, LABELS, IMAGES, store, images=2)
    assert caught.value.code == "sensitivity_not_scorable"


def test_images_are_spread_over_the_split() -> None:
    part = spread(IMAGES, 4)
    assert [part.image_id(k) for k in range(len(part))] == ["0", "3", "7", "11"]
    assert part.fingerprint != spread(IMAGES, 5).fingerprint


def test_layers_are_not_measured_without_images() -> None:
    with pytest.raises(DatasetError) as caught:
        required(None)
    assert caught.value.code == "no_images_to_measure_on"
    assert required(IMAGES) is IMAGES
