"""What the page computes is what Python computes, to the last digits."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import numpy as np
import pytest
from live_bench import real
from live_page import bench
from playwright.sync_api import Page

from edgeslim.lessons.live import Array, Threshold
from edgeslim.metrics.fidelity import signal_and_noise, sqnr_db
from edgeslim.metrics.redundancy import energy_by_rank, entropy, histogram
from edgeslim.steps.quantization import grids

pytestmark = pytest.mark.browser

RNG = np.random.default_rng(7)
CASES = [
    (rows, columns, RNG.normal(shift, 0.1, (rows, columns)) * RNG.choice([1, 1, 3], (rows, 1)))
    for rows, columns in ((1, 40), (8, 27), (24, 144), (10, 24))
    for shift in (0.0, 0.05, -0.3)
]


@pytest.fixture
def page(visit: Page) -> Page:
    bench(visit)
    return visit


def run(page: Page, code: str, *given: Any) -> Any:
    return page.evaluate(f"(given) => {{ const m = window.module; {code} }}", list(given))


def test_arrays_arrive_as_they_were_sent(page: Page) -> None:
    values = np.array([0, -0.0, 1, -2.5, 6e-8, 3e-5, 65504, 0.1, -1 / 3, 255])
    sent = Array.of("edge", values)
    found = run(page, "return [...m.unpack(given[0])];", _base64(sent))
    assert found == sent.numbers.tolist()


def test_numbers_are_rounded_to_the_even_one_of_two(page: Page) -> None:
    values = [*np.arange(-4, 4.25, 0.25), 2.4999999999999996, -2.5000000000000004]
    found = run(page, "return given[0].map(m.rint);", values)
    np.testing.assert_array_equal(found, np.rint(values))


def test_histograms_and_their_entropy(page: Page) -> None:
    every = [values for *_, values in CASES] + [np.full((1, 3), 0.5)]
    for values, bits in itertools.product(every, range(1, 9)):
        counts, found = run(
            page,
            "const h = m.histogram(given[0], given[1]); return [h.counts, m.entropy(h.counts)];",
            values.ravel().tolist(),
            2**bits,
        )
        assert tuple(counts) == histogram(values, 2**bits).counts
        assert found == pytest.approx(entropy(values, bits), abs=1e-12)


def test_pruning_at_every_position_in_every_order(page: Page) -> None:
    view = real()["pruning"]
    assert isinstance(view, Threshold)
    opened = view.layers[2]
    place = [one.name for one in view.network].index(opened.name)
    bar, size = view.network[place], np.abs(opened.numbers).ravel()
    code = """
        const [base64, below, thresholds, seed] = given;
        const values = [...m.unpack(base64)];
        return ["smallest", "largest", "random"].map((order) => {
            const table = m.zerosByPosition(order, below, values.length, seed);
            const goes = (v, i, k) => m.goes(order, v, i, k, thresholds, seed);
            const counted = table.map((_, k) => values.filter((v, i) => goes(v, i, k)).length);
            return [table, counted];
        });"""
    found = run(page, code, _base64(opened), bar.below, view.thresholds, place)
    for table, counted in found:
        assert table == counted
    thresholds = np.array(view.thresholds)
    assert found[0][0] == [(size < t).sum() for t in thresholds]
    assert found[1][0] == [(size >= t).sum() for t in thresholds[::-1]]
    random = np.array(found[2][0]) / size.size
    assert random[0] == 0 and random[-1] == 1 and np.abs(random - np.arange(101) / 100).max() < 0.03


def test_bits_of_a_sparse_layer(page: Page) -> None:
    for weights, zeros in ((100, 0), (100, 100), (100, 25), (3456, 1700)):
        z = zeros / weights
        positions = sum(-p * np.log2(p) for p in (z, 1 - z) if p)
        found = run(page, "return m.sparseBits(...given);", weights, zeros)
        assert found == pytest.approx(weights * (positions + 32 * (1 - z)))


@pytest.mark.parametrize("scheme", ["symmetric", "asymmetric", "fixed"])
def test_grids_are_those_of_the_product(page: Page, scheme: str) -> None:
    code = """
        const [values, rows, settings] = given;
        const grid = m.grid(values, rows, settings), q = m.quantized(values, grid);
        return { scale: [...grid.scale], codes: [...q.codes], after: [...q.after], sqnr: q.sqnr, error: q.error };"""
    for _, _, weight in CASES:
        for rows, bits in itertools.product((weight.reshape(1, -1), weight), range(1, 9)):
            expected = _grid(rows, bits, scheme)
            codes = expected.codes(rows)
            after = expected.values(codes)
            settings = _settings(bits, scheme)
            found = run(page, code, rows.ravel().tolist(), len(rows), settings)
            np.testing.assert_allclose(found["scale"], expected.scale.ravel(), rtol=1e-14)
            np.testing.assert_array_equal(found["codes"], codes.ravel())
            np.testing.assert_allclose(found["after"], after.ravel(), rtol=1e-12, atol=1e-15)
            assert found["sqnr"] == pytest.approx(sqnr_db(signal_and_noise([rows], [after]))[0], abs=1e-9)
            assert found["error"] == pytest.approx(np.sqrt(np.square(rows - after).mean()))


def test_a_narrower_range_clips(page: Page) -> None:
    weight = CASES[4][2].reshape(1, -1)
    scale = 0.4 * max(weight.max() / 7, -weight.min() / 8)
    expected = grids.Grid(16, 8.0, np.array([[scale]]))
    code = "const g = m.grid(given[0], 1, given[1]); return [...m.quantized(given[0], g).codes];"
    found = run(page, code, weight.ravel().tolist(), _settings(4, "symmetric") | {"shrink": 0.4})
    np.testing.assert_array_equal(found, expected.codes(weight).ravel())
    assert {0.0, 15.0} <= set(found)


def test_singular_values_and_what_is_rebuilt_of_them(page: Page) -> None:
    flat = np.outer(np.arange(1.0, 7), np.arange(1.0, 5))
    for matrix in (CASES[3][2], CASES[6][2], CASES[6][2].T, flat, np.zeros((3, 4))):
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        rank = max(1, len(values) // 3)
        code = """
            const [matrix, rows, columns, rank] = given;
            const parts = m.svd(matrix, rows, columns), done = m.rebuilt(parts, rank);
            return [parts.values, [...done.matrix], done.energy];"""
        found, rebuilt, energy = run(page, code, matrix.ravel().tolist(), *matrix.shape, rank)
        np.testing.assert_allclose(found, values, atol=1e-10)
        expected = (left[:, :rank] * values[:rank]) @ right[:rank]
        np.testing.assert_allclose(rebuilt, expected.ravel(), atol=1e-9)
        assert energy == pytest.approx(energy_by_rank(values)[rank - 1])


def test_soft_labels(page: Page) -> None:
    for logits in (RNG.normal(0, 4, 10), np.array([900.0, 0, -900])):
        for temperature in (0.5, 1, 3.2, 32):
            raised = np.exp((logits - logits.max()) / temperature)
            found = run(page, "return m.softmax(...given);", logits.tolist(), temperature)
            np.testing.assert_allclose(found, raised / raised.sum(), rtol=1e-12)


def test_activation_functions_and_their_slopes(page: Page) -> None:
    x = np.arange(-7, 7.01, 0.05)
    sigmoid = 1 / (1 + np.exp(-x))
    expected = {
        "sigmoid": sigmoid,
        "tanh": np.tanh(x),
        "relu": np.maximum(x, 0),
        "leaky_relu": np.where(x > 0, x, 0.01 * x),
        "silu": x * sigmoid,
        "hardswish": x * np.clip(x + 3, 0, 6) / 6,
    }
    code = """return Object.entries(m.FUNCTIONS).map(([name, { value, slope }]) => {
        const step = 1e-6;
        const numeric = given[0].map((x) => (value(x + step) - value(x - step)) / (2 * step));
        return [name, given[0].map(value), given[0].map(slope), numeric];
    });"""
    found = run(page, code, x.tolist())
    assert [name for name, *_ in found] == list(expected)
    smooth = np.abs(np.abs(x) - 3) > 0.01
    smooth &= np.abs(x) > 0.01
    for name, values, slopes, numeric in found:
        np.testing.assert_allclose(values, expected[name], atol=1e-12)
        np.testing.assert_allclose(np.array(slopes)[smooth], np.array(numeric)[smooth], atol=1e-6)


def _settings(bits: int, scheme: str) -> dict[str, Any]:
    return {"bits": bits, "symmetric": scheme != "asymmetric", "shrink": 1, "fixed": scheme == "fixed"}


def _grid(rows: np.ndarray, bits: int, scheme: str) -> grids.Grid:
    if bits == 1:
        found = grids.binary(rows)
    elif scheme == "asymmetric":
        found = grids.asymmetric(rows, 1 << bits, "max")
    else:
        found = grids.uniform(rows, 1 << bits, 1.5 if bits == 2 else float(1 << (bits - 1)), "max")
    return grids.to_power_of_two(rows, found) if scheme == "fixed" else found


def _base64(array: Array) -> str:
    return base64.b64encode(array.values).decode()
