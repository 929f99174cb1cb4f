"""Grids, rounding, Gram matrices and the walk along a network, each by itself."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from edgeslim.export.onnx import to_bytes
from edgeslim.models.proof import run
from edgeslim.steps.onnx_layers import gram
from edgeslim.steps.onnx_layers.gram import Gram, gram_of
from edgeslim.steps.onnx_layers.layers import array_of, ends, weight_layers
from edgeslim.steps.onnx_layers.walk import Replacement, Visit, visitable, walk
from edgeslim.steps.quantization import grids
from edgeslim.steps.quantization.low_bit import LowBitWeights
from edgeslim.steps.quantization.rounding import compensated, learned, nearest
from low_bit_networks import context, inputs, model_of, network, noise_db, pruned

RANDOM = np.random.default_rng(2)
ROWS = RANDOM.standard_t(3, (8, 60))


def error(rows: np.ndarray, grid: grids.Grid) -> np.ndarray:
    return np.square(grid.values(grid.codes(rows)) - rows).sum(axis=1)


def correlated_gram(size: int, rows: np.ndarray) -> Gram:
    mixed = RANDOM.normal(size=(size, size)) @ RANDOM.normal(size=(size, 400))
    inputs = (mixed @ mixed.T / 400)[None]
    return Gram(inputs, rows[None] @ inputs)


def test_full_range_clips_nothing_and_least_squares_clips_outliers() -> None:
    full, best = (grids.uniform(ROWS, 16, 8.0, clipping) for clipping in ("max", "mse"))
    assert np.abs(full.values(full.codes(ROWS)) - ROWS).max() <= full.scale.max() / 2 + 1e-12
    assert (error(ROWS, best) <= error(ROWS, full) + 1e-12).all()
    assert error(ROWS, best).sum() < 0.9 * error(ROWS, full).sum()


def test_least_squares_scale_is_near_the_best_of_many() -> None:
    best = error(ROWS, grids.uniform(ROWS, 8, 4.0, "mse"))
    top = np.abs(ROWS).max(axis=1, keepdims=True)
    tried = np.stack([error(ROWS, grids.Grid(8, 4.0, top * part)) for part in np.linspace(0.02, 0.4, 400)])
    assert (best < 1.03 * tried.min(axis=0)).all()


def test_ternary_scale_is_the_exact_optimum() -> None:
    found = error(ROWS, grids.ternary(ROWS))
    top = np.abs(ROWS).max(axis=1, keepdims=True)
    tried = np.stack([error(ROWS, grids.Grid(3, 1.0, top * part)) for part in np.linspace(0.05, 1, 500)])
    assert (found <= tried.min(axis=0) + 1e-9).all()
    assert (found > 0.98 * tried.min(axis=0)).all()


def test_zero_points_keep_zero_exact() -> None:
    shifted = ROWS + 2
    for clipping in ("max", "mse"):
        grid = grids.asymmetric(shifted, 16, clipping)
        assert isinstance(grid.zero, np.ndarray)
        assert np.array_equal(grid.zero, np.rint(grid.zero))
        assert np.array_equal(grid.values(grid.codes(np.zeros((8, 1)))), np.zeros((8, 1)))


def test_steps_are_as_wide_as_the_weights_need() -> None:
    power = np.sqrt(np.square(ROWS).mean(axis=1, keepdims=True))
    fine, coarse = grids.steps(ROWS, 0.1), grids.steps(ROWS, 1.0)
    np.testing.assert_allclose(coarse.scale, power)
    assert coarse.levels < fine.levels <= 256


def test_rows_without_weights_do_not_change_how_others_are_coded() -> None:
    dead = np.vstack([ROWS, np.zeros((20, 60))])
    for make in (
        lambda rows: grids.steps(rows * 1e-3, 0.1),
        lambda rows: grids.uniform(rows, 16, 8.0, "mse"),
    ):
        alone, beside = make(ROWS), make(dead)
        assert beside.levels == alone.levels
        assert np.array_equal(beside.scale[:8], alone.scale)
        assert beside.scale.max() <= alone.scale.max()


def test_rows_of_zeros_are_stored_as_zeros() -> None:
    rows = np.zeros((2, 9))
    for grid in (grids.uniform(rows, 16, 8.0, "mse"), grids.ternary(rows), grids.steps(rows, 0.3)):
        assert not grid.values(grid.codes(rows)).any()
    assert np.isfinite(grids.binary(rows).scale).all()


@pytest.mark.parametrize("zeros", [False, True])
def test_compensated_and_learned_rounding_disturb_outputs_less(zeros: bool) -> None:
    rows = RANDOM.normal(size=(16, 90))
    mask = RANDOM.random(rows.shape) < 0.3 if zeros else None
    if mask is not None:
        rows[mask] = 0
    gram = correlated_gram(90, rows)
    grid = grids.uniform(rows, 16, 8.0, "mse").spread(*rows.shape)
    codes = {
        "nearest": nearest(rows, grid, mask),
        "compensated": compensated(rows, grid, gram, mask),
        "learned": learned(rows, grid, gram, mask, 400),
    }
    noise = {name: gram.error(grid.values(code) - rows) for name, code in codes.items()}
    assert noise["compensated"] < 0.7 * noise["nearest"]
    assert noise["learned"] < 0.7 * noise["nearest"]
    for code in codes.values():
        assert code.min() >= 0
        assert code.max() <= 15
        assert np.array_equal(code, np.rint(code))
        if mask is not None:
            assert not grid.values(code)[mask].any()


def test_learned_rounding_stays_at_a_weights_neighbours() -> None:
    rows = RANDOM.normal(size=(4, 30))
    grid = grids.uniform(rows, 16, 8.0, "max").spread(*rows.shape)
    codes = learned(rows, grid, correlated_gram(30, rows), None, 100)
    assert np.abs(grid.values(codes) - rows).max() <= grid.scale.max() * (1 + 1e-9)


def conv_model(**attributes: object) -> tuple[object, np.ndarray]:
    shape = (8, 3 // attributes.get("group", 1), 3, 3)  # type: ignore[operator]
    if attributes.get("group") == 3:
        shape = (9, 1, 3, 3)
    weight = RANDOM.normal(size=shape).astype(np.float32)
    return model_of(
        [helper.make_node("Conv", ["image", "w"], ["scores"], **attributes)], {"w": weight}
    ), weight


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"pads": [1, 0, 2, 1], "strides": [2, 1]},
        {"dilations": [2, 3], "pads": [2, 3, 2, 3]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
        {"group": 3, "pads": [1, 1, 1, 1]},
    ],
)
def test_gram_matrix_sees_the_patches_that_the_convolution_sees(attributes: dict[str, object]) -> None:
    """Refitting to the layer's own outputs gives the weight back: patches and outputs belong together."""
    model, weight = conv_model(**attributes)
    (layer,) = weight_layers(model)
    seen: list[Gram] = []

    def choose(visit: Visit) -> Replacement:
        gram = gram_of(visit, 0, centred=False)
        assert gram is not None
        seen.append(gram)
        return Replacement(visit.weight, visit.bias, visit.target)

    walk(model, [layer], inputs(8), choose)
    rows = layer.layout.to_rows(weight)
    hessian = seen[0].inputs
    cross = np.einsum("gok,gkj->goj", rows.reshape(len(hessian), -1, hessian.shape[1]), hessian)
    np.testing.assert_allclose(seen[0].cross, cross, rtol=1e-4, atol=1e-4 * np.abs(cross).max())
    np.testing.assert_allclose(seen[0].refitted(rows), rows, atol=1e-3)


def test_refitting_makes_up_for_changed_inputs() -> None:
    """Inputs come in at half the size: the refitted weight is nearly twice as large."""
    rows = RANDOM.normal(size=(4, 20))
    full = correlated_gram(20, rows)
    halved = Gram(full.inputs / 4, full.cross / 2)
    ratio = np.linalg.norm(halved.refitted(rows)) / np.linalg.norm(rows)
    assert 1.6 < ratio <= 2.0


def test_what_few_images_show_is_not_taken_for_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer of 768 inputs seen on twelve images: its rounding would suit just these."""

    def noise() -> float:
        steps = [LowBitWeights(bits=bits, first_last_bits=0) for bits in (3, 4, 5)]
        models = [network("mlp"), pruned("mlp", 0.8)]
        return float(np.mean([noise_db(m, step.apply(m, context("mlp"))) for m in models for step in steps]))

    careful = noise()
    monkeypatch.setattr(gram, "SHRINKAGE", 0.0)
    assert careful > noise() + 1


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se", "mlp", "gru"])
def test_walk_with_original_weights_sees_equal_networks(name: str) -> None:
    model = network(name)
    layers = visitable(model, weight_layers(model))
    visited = []

    def choose(visit: Visit) -> Replacement:
        visited.append(visit.layer.name)
        outputs = visit.run(visit.weight, visit.bias)
        for mine, target in zip(outputs, visit.target, strict=True):
            assert np.array_equal(mine, target)
        return Replacement(visit.weight, visit.bias)

    assert walk(model, layers, inputs(3), choose) == 3
    assert visited == [layer.name for layer in layers]


def test_walk_goes_on_with_what_was_chosen() -> None:
    """The last layer's inputs are those of the changed network, its target the original's."""
    model = network("mlp")
    layers = visitable(model, weight_layers(model))
    last: list[Visit] = []

    def choose(visit: Visit) -> Replacement:
        last[:] = [visit]
        assert visit.bias is not None
        return Replacement(visit.weight * np.float32(0.5), visit.bias * np.float32(0))

    images = inputs(2)
    walk(model, layers, images, choose)
    outputs = last[0].run(last[0].weight, last[0].bias)
    first, second = (array_of(model, layer.name) for layer in layers[:2])
    flat = images[0].reshape(1, -1)
    rows = [layer.layout.to_rows(array) for layer, array in zip(layers, (first, second), strict=False)]
    hidden = np.maximum(np.maximum(flat @ rows[0].T / 2, 0) @ rows[1].T / 2, 0)
    np.testing.assert_allclose(last[0].inputs[0], hidden, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(last[0].target[0], run(to_bytes(model), images)[0][0], rtol=1e-4, atol=1e-6)
    assert not np.allclose(outputs[0], last[0].target[0])


def test_first_and_last_layers_are_those_without_neighbours() -> None:
    model = network("residual_concat_pyramid")
    layers = weight_layers(model)
    first, last = ends(model, layers)
    assert first == {layers[0].name}
    assert last == {layers[-1].name, layers[-2].name}


def test_rows_and_weights_go_back_and_forth() -> None:
    for name in ("plain_cnn", "depthwise_se", "mlp", "gru"):
        model = network(name)
        for layer in weight_layers(model):
            weight = array_of(model, layer.name)
            rows = layer.layout.to_rows(weight)
            assert np.array_equal(layer.layout.to_weight(rows), weight)
