"""Codebooks: k-means finds them, zeros keep their own value, and the file holds what it says."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.export.packed import unpacked
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.clustering.codebook import clustered, make_codebook, tuned
from edgeslim.steps.onnx_layers.gram import Gram
from low_bit_networks import applied, context, network, noise_db, outputs, pruned, weights

RANDOM = np.random.default_rng(3)
ALL_ALIKE = {"first_last_bits": 0, "depthwise_bits": 0}


def plain(**given: object) -> WeightClustering:
    """Nothing is looked at but weights."""
    return WeightClustering(rounding="nearest", tuning=0, statistics=False, **ALL_ALIKE, **given)  # type: ignore[arg-type]


def test_clusters_are_those_of_scikit_learn() -> None:
    from sklearn.cluster import KMeans

    values = RANDOM.standard_t(4, 500)
    start = np.linspace(values.min(), values.max(), 8)[:, None]
    expected = KMeans(8, init=start, n_init=1, max_iter=300, tol=0, algorithm="lloyd").fit(values[:, None])
    np.testing.assert_allclose(clustered(values, 8), np.sort(expected.cluster_centers_[:, 0]), atol=1e-9)


def test_few_different_values_are_found_exactly() -> None:
    values = RANDOM.choice([-1.0, 0.25, 3.0], 100)
    found = clustered(values, 8)
    assert set(np.unique(values)) <= set(found)


def test_nearest_value_of_a_codebook() -> None:
    rows = RANDOM.normal(size=(6, 40))
    codebook = make_codebook(rows, 2, 5, np.full(6, 0.5), leading_zero=False)
    codes = codebook.codes(rows)
    for index in range(6):
        book = codebook.book[index // 3] * 0.5
        expected = np.abs(rows[index][:, None] - book).argmin(axis=1)
        assert np.array_equal(codes[index], expected)
    np.testing.assert_array_equal(codebook.values(codes)[4], codebook.book[1][codes[4].astype(int)] * 0.5)


def test_tuned_values_give_the_least_output_error() -> None:
    """Compared with the least-squares solution for the same codes."""
    random = np.random.default_rng(2)
    rows = random.normal(size=(8, 30))
    mixed = random.normal(size=(30, 30)) @ random.normal(size=(30, 200))
    gram = Gram((mixed @ mixed.T / 200)[None], np.zeros((1, 8, 30)))
    codebook = make_codebook(rows, 1, 6, np.ones(8), leading_zero=False)
    codes = codebook.codes(rows)
    better = tuned(codebook, codes, rows, gram)
    before, after = (gram.error(each.values(codes) - rows) for each in (codebook, better))
    chosen = np.eye(6)[codes.astype(int)]
    squares = np.einsum("rik,ij,rjl->kl", chosen, mixed @ mixed.T, chosen)
    values = np.linalg.solve(squares, np.einsum("rik,ij,rj->k", chosen, mixed @ mixed.T, rows))
    least = gram.error(values[codes.astype(int)] - rows)
    assert least <= after < 1.001 * least < 0.97 * before


@pytest.mark.parametrize("values", [2, 3, 16, 100])
def test_layers_have_so_many_values_and_decode_exactly(values: int) -> None:
    result, told = applied(plain(values=values, channel_scales=False), "plain_cnn")
    for array in weights(result).values():
        assert 2 <= len(np.unique(array)) <= values
    for packed, float32 in zip(outputs(result), outputs(unpacked(result)), strict=True):
        assert np.array_equal(packed, float32)
    assert all(line["values"] <= values for line in told.info["layers"])


def test_groups_of_channels_have_codebooks_of_their_own() -> None:
    result, told = applied(plain(values=4, channels_per_codebook=8, channel_scales=False), "mlp")
    array = weights(result)[told.info["layers"][0]["name"]]
    rows = array if array.shape[0] == 32 else array.T
    assert len(np.unique(rows)) > 4
    for start in range(0, 32, 8):
        assert len(np.unique(rows[start : start + 8])) <= 4
    one, _ = applied(plain(values=4, channel_scales=False), "mlp")
    assert noise_db(network("mlp"), result) > noise_db(network("mlp"), one)


@pytest.mark.parametrize("storage", ["packed", "bytes"])
def test_zeros_of_a_pruned_network_keep_a_value_of_their_own(storage: str) -> None:
    model = pruned("plain_cnn", 0.85)
    told = context()
    result = WeightClustering(values=16, storage=storage, **ALL_ALIKE).apply(model, told)
    originals = weights(model)
    for name, array in weights(result).items():
        assert np.array_equal(array == 0, originals[name] == 0)
    assert {line["values"] for line in told.info["layers"]} == {17}
    assert noise_db(model, result) > 15


def test_mask_and_codes_are_used_where_they_are_smaller() -> None:
    dense, sparse = (context() for _ in range(2))
    plain(values=16).apply(pruned("mlp", 0.15), dense)
    plain(values=16).apply(pruned("mlp", 0.9), sparse)
    assert not any(line["sparse"] for line in dense.info["layers"])
    assert all(line["sparse"] for line in sparse.info["layers"])
    assert dense.info["average_bits"] == 4.0
    assert sparse.info["average_bits"] == pytest.approx(1 + 0.1 * 4, abs=0.01)
    count = sparse.info["weights"]
    assert sparse.info["bytes"]["codes"] <= 1.01 * 1.4 * count / 8 + 80


@pytest.mark.parametrize("values", [2, 3, 4, 8, 16, 32, 64, 128, 256])
def test_codebooks_take_the_bits_of_their_codes(values: int) -> None:
    result, told = applied(plain(values=values), "mlp")
    bits = 1.6 if values == 3 else np.ceil(np.log2(values))
    stored, wanted = told.info["bytes"], bits * told.info["weights"] / 8
    assert wanted * 0.98 <= stored["codes"] <= 1.1 * wanted
    assert stored["floats"] <= 2 * (2 * (32 + 24 + 4) + 3 * values) + 16
    assert result.ByteSize() == sum(stored.values())


def test_statistics_and_compensation_help() -> None:
    names = ("plain_cnn", "residual_concat_pyramid", "depthwise_se")

    def noise(**given: object) -> float:
        step = WeightClustering(values=8, **ALL_ALIKE, **given)  # type: ignore[arg-type]
        return float(np.mean([noise_db(network(name), applied(step, name)[0]) for name in names]))

    nothing = noise(rounding="nearest", tuning=0, statistics=False)
    matched = noise(rounding="nearest", tuning=0)
    assert matched > nothing + 5
    assert noise() > matched + 1


def test_first_and_last_layers_can_stay_at_eight_bits() -> None:
    _, told = applied(WeightClustering(values=4, rounding="nearest", tuning=0), "plain_cnn")
    lines = told.info["layers"]
    assert lines[0]["bits"] == lines[-1]["bits"] == 8
    assert [line["values"] for line in lines] == [None, 4, None]


def test_images_are_asked_for_only_where_they_are_looked_at() -> None:
    assert WeightClustering().needs == {"calibration"}
    assert plain().needs == frozenset()
    plain().apply(network("gru"), context(images=None))
