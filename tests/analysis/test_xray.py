"""The X-ray of example networks: shares that add up, BatchNorm found, kept in the store."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from edgeslim.analysis import xray as xrays
from edgeslim.analysis.deployed import open_deployed
from edgeslim.analysis.predictions import best_of
from edgeslim.analysis.results import BestPrediction, Prediction
from edgeslim.analysis.xray import look, weight_xray, xray
from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.metrics.counts import counts
from edgeslim.models.base import Model
from edgeslim.records import encoded
from edgeslim.steps.onnx_layers.layers import weight_layers
from example_networks import NETWORKS, RandomImages

IMAGES = RandomImages(6)
Make = Callable[[str], Model]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_looked_through(name: str, model_named: Make, store: Store) -> None:
    model = model_named(name)
    found = xray(model, IMAGES, store, images=3)
    json.dumps(encoded(found), allow_nan=False)
    network = open_deployed(model)
    assert [line.name for line in found.layers] == [layer.name for layer in network.layers]
    assert found.images == 3
    params = sum(line.params for line in found.layers)
    assert params == pytest.approx(found.totals.params, rel=0.1)  # normalization and shared biases apart
    assert sum(line.macs for line in found.layers) == pytest.approx(counts(model.path).macs, rel=0.01)
    assert sum(line.macs_share for line in found.layers) == pytest.approx(1.0, rel=0.01)
    for line in found.layers:
        assert sum(line.histogram.counts) == np.prod(line.shape)
        assert 0 <= line.entropy <= line.entropy_ceiling <= 8
        assert line.redundancy == pytest.approx(1 - line.entropy / 8)
        assert 1 <= line.spectrum.effective_rank <= line.spectrum.full_rank + 1e-9
        assert line.spectrum.energy[-1] == pytest.approx(1.0)
        ranks = list(line.spectrum.rank_for.values())
        assert ranks == sorted(ranks) and ranks[-1] <= line.spectrum.full_rank
        assert (line.predictions is None) == (line.op == "GRU")


def test_duplicate_filters_and_a_low_rank_show_up(model_named: Make) -> None:
    network = open_deployed(model_named("plain_cnn"))
    layer = next(layer for layer in network.layers if layer.shape == (32, 16, 3, 3))
    basis = np.random.default_rng(0).normal(size=(2, 144))
    rows = np.r_[np.repeat(basis[:1], 16, axis=0), np.repeat(basis[1:], 16, axis=0)]
    found = weight_xray(layer, layer.layout.to_weight(rows.astype(np.float32)), 4)
    assert found.similarity.alike_share == 1.0
    assert found.spectrum.matrix == (32, 144)
    assert found.spectrum.rank_for["0.99"] == 2
    assert found.spectrum.effective_rank == pytest.approx(2, rel=0.01)


def test_batch_norm_scales_are_those_of_the_training_form(model_named: Make, store: Store) -> None:
    found = xray(model_named("plain_cnn"), None, store)
    scaled = [line for line in found.layers if line.batch_norm]
    assert [tuple(line.shape) for line in scaled] == [(16, 3, 3, 3), (32, 16, 3, 3)]
    low, *_, high = scaled[0].batch_norm.quantiles
    assert 0.5 <= low < high <= 1.5  # as the example networks are made
    assert scaled[0].batch_norm.near_zero == 0.0


def test_without_images_weights_are_told_and_nothing_is_promised(model_named: Make, store: Store) -> None:
    found = xray(model_named("mlp"), None, store)
    assert found.images == 0
    assert found.predictions is None
    assert {line.activations for line in found.layers} == {None}


def test_relu_zeros_are_seen_where_they_are_read(model_named: Make, store: Store) -> None:
    lines = xray(model_named("plain_cnn"), IMAGES, store).layers
    assert lines[0].activations.input_zeros < 0.1
    assert lines[0].activations.output_zeros > 0.2
    assert lines[1].activations.input_zeros > 0.05


def test_what_is_looked_at_twice_is_computed_once(
    model_named: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_named("mlp")
    first = xray(model, IMAGES, store)
    monkeypatch.setattr(xrays, "look", lambda *_, **__: pytest.fail("computed again"))
    assert xray(model, IMAGES, store) == first
    for other in ({"bits": 4}, {"images": 2}):
        with pytest.raises(pytest.fail.Exception):
            xray(model, IMAGES, store, **other)


def test_a_network_promises_the_sum_of_its_layers(model_named: Make, store: Store) -> None:
    found = xray(model_named("residual_concat_pyramid"), IMAGES, store)
    four = next(x for x in found.predictions["low_bit_weights"] if x.strength == 4)
    alone = [
        next(x for x in line.predictions.techniques["low_bit_weights"] if x.strength == 4).error
        for line in found.layers
    ]
    assert four.error == pytest.approx(sum(alone))
    assert (four.saved, four.layers) == (pytest.approx(1 - 4 / 32), len(alone))
    assert next(iter(found.predictions["int8_activations"])).saved is None


def test_what_pays_most_is_the_largest_saving_within_the_tolerance() -> None:
    options = {
        "a": [
            Prediction(strength=1, error=0.001, saved=0.5),
            Prediction(strength=2, error=0.02, saved=0.9),
        ],
        "b": [Prediction(strength=1, error=0.002, saved=0.6)],
        "c": [Prediction(strength=1, error=0.0, saved=None)],
    }
    assert best_of(options) == BestPrediction(technique="b", strength=1, error=0.002, saved=0.6)
    assert best_of(options, tolerance=0.1) == BestPrediction(technique="a", strength=2, error=0.02, saved=0.9)
    assert best_of(options, tolerance=0.0) is None


def test_a_model_without_float_weights_is_refused_by_name(
    model_named: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeslim.analysis.deployed.weight_layers", lambda _: ())
    with pytest.raises(ModelError, match="mlp") as caught:
        open_deployed(model_named("mlp"))
    assert caught.value.code == "no_weight_layers"


def test_progress_counts_the_layers(model_named: Make) -> None:
    told: list[tuple[str, int, int]] = []
    network = open_deployed(model_named("mlp"))
    look(network, [], progress=lambda *item: told.append(item))
    assert told == [("xray", k, 3) for k in range(3)] and len(weight_layers(network.graph)) == 3
