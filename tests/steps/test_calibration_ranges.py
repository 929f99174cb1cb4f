"""Which ranges of activations each calibration method chooses."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.export.onnx import deployable
from edgeslim.progress import silent
from edgeslim.steps.images import evenly_spaced
from edgeslim.steps.quantization.calibration import (
    BINS,
    METHODS,
    activation_ranges,
    entropy_range,
    histogram,
    mse_range,
    percentile_range,
)
from example_networks import RandomImages, make_onnx, make_spec


class Flat(RandomImages):
    """Image i is `levels[i]` everywhere."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(len(levels))
        for image, level in zip(self._images, levels, strict=True):
            image[:] = level


def ranges(
    method: str, images: RandomImages, count: int = 16, **options: float
) -> dict[str, tuple[float, float]]:
    return activation_ranges(
        deployable(make_onnx("mlp")),
        ["image"],
        images,
        make_spec(),
        method=method,
        percentile=options.get("percentile", 99.99),
        images=count,
        threads=1,
        progress=silent,
    )


def test_minmax_takes_the_extremes_and_its_average_the_mean_of_each_images() -> None:
    images = Flat([0, 51, 255])
    assert ranges("minmax", images)["image"] == pytest.approx((0.0, 1.0))
    assert ranges("minmax_average", images)["image"] == pytest.approx((0.4, 0.4))


def test_images_are_spread_over_the_split() -> None:
    assert evenly_spaced(100, 5) == [0, 24, 49, 74, 99]
    assert evenly_spaced(3, 64) == [0, 1, 2]
    assert ranges("minmax", Flat([0, 255, 51]), count=2)["image"] == pytest.approx((0.0, 0.2))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_stays_inside_the_true_extremes(method: str) -> None:
    low, high = ranges(method, RandomImages())["image"]
    true = ranges("minmax", RandomImages())["image"]
    assert true[0] - 1e-6 <= low < high <= true[1] + 1e-6


def normal_with_outliers() -> tuple[np.ndarray, tuple[float, float]]:
    values = np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
    values[:4] = [40.0, -40.0, 38.0, -39.0]
    return histogram(values, -40.0, 40.0), (-40.0, 40.0)


def test_histogram_counts_every_value_once() -> None:
    counts = histogram(np.array([0.0, 0.5, 1.0, 1.0], np.float32), 0.0, 1.0)
    assert counts.shape == (BINS,)
    assert (counts[0], counts[BINS // 2], counts[-1]) == (1, 1, 2)
    assert histogram(np.ones(3, np.float32), 1.0, 1.0).sum() == 0


def test_percentile_cuts_the_outliers_off_both_ends() -> None:
    counts, full = normal_with_outliers()
    low, high = percentile_range(counts, full, 99.0)
    assert (low, high) == pytest.approx((-2.576, 2.576), abs=0.1)
    assert percentile_range(counts, full, 100.0) == pytest.approx(full, abs=0.05)


def test_entropy_and_error_clip_rare_outliers() -> None:
    counts, full = normal_with_outliers()
    for choose, widest in ((entropy_range, 20.0), (mse_range, 35.0)):
        low, high = choose(counts, full)
        assert -widest < low < -2.5
        assert 2.5 < high < widest


def test_error_range_is_the_one_with_the_least_error() -> None:
    """Against quantizing the values themselves over a grid of ranges."""
    values = np.random.default_rng(1).laplace(size=50_000).astype(np.float32)
    full = (float(values.min()), float(values.max()))
    low, high = mse_range(histogram(values, *full), full)

    def error(factor: float) -> float:
        bottom, top = full[0] * factor, full[1] * factor
        step = (top - bottom) / 255
        rounded = np.clip(np.round((values - bottom) / step), 0, 255) * step + bottom
        return float(np.mean((values - rounded) ** 2))

    factors = np.linspace(0.2, 1.0, 41)
    best = min(error(factor) for factor in factors)
    assert error(high / full[1]) < 1.05 * best
    assert low / full[0] == pytest.approx(high / full[1])


def test_error_keeps_the_full_range_of_even_values() -> None:
    assert mse_range(np.ones(BINS), (0.0, 3.0)) == pytest.approx((0.0, 3.0))


def test_constant_activations_keep_their_range() -> None:
    empty = np.zeros(BINS)
    for choose in (entropy_range, mse_range):
        assert choose(empty, (0.5, 0.5)) == (0.5, 0.5)
    assert percentile_range(empty, (0.5, 0.5), 99.0) == (0.5, 0.5)


def test_progress_counts_the_images_of_both_passes() -> None:
    seen: list[tuple[int, int]] = []
    activation_ranges(
        deployable(make_onnx("mlp")),
        ["image"],
        RandomImages(4),
        make_spec(),
        method="percentile",
        percentile=99.0,
        images=4,
        threads=1,
        progress=lambda message, done, total: seen.append((done, total)),
    )
    assert seen == [(done, 8) for done in range(1, 9)]
