"""Numbers as people read them."""

import pytest

from edgeslim import units


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"), (0, "0 B"), (999, "999 B"), (1000, "1.00 KB"), (41_388, "41.4 KB"), (158_214, "158 KB"),
        (999_400, "999 KB"), (999_600, "1.00 MB"), (1_182_660, "1.18 MB"), (2_500_000_000, "2.50 GB"),
    ],
)  # fmt: skip
def test_bytes_are_written_in_si_units_with_three_figures(count: float | None, text: str) -> None:
    assert units.format_bytes(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(812, "812"), (319_242, "319 K"), (1_080_000, "1.08 M"), (4.12e9, "4.12 G"), (None, "–")],
)
def test_counts_are_written_with_three_figures(count: float | None, text: str) -> None:
    assert units.format_count(count) == text


@pytest.mark.parametrize(
    ("share", "text"), [(-0.0082, "−0.8"), (0.0123, "+1.2"), (0.0004, "±0.0"), (-0.0004, "±0.0"), (None, "–")]
)
def test_a_change_has_a_sign_and_what_rounds_to_nothing_has_both(share: float | None, text: str) -> None:
    assert units.format_change(share) == text


def test_an_interval_is_in_points() -> None:
    assert units.format_interval((0.649, 0.685)) == "64.9 … 68.5"
    assert units.format_interval((-0.0142, 0.0021), signed=True) == "−1.4 … +0.2"
    assert units.format_interval(None) == "–"


@pytest.mark.parametrize(("factor", "text"), [(1.58, "1.6×"), (9.96, "10×"), (12.8, "13×"), (None, "–")])
def test_factors_lose_their_decimal_from_ten_on(factor: float | None, text: str) -> None:
    assert units.format_factor(factor) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.953, "95 %"), (0.999, "99.9 %"), (1.0, "100 %"), (0.0, "0 %")]
)
def test_nearly_all_is_not_written_as_all(share: float, text: str) -> None:
    assert units.format_share(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4.23, "4.2 s"), (42.0, "42 s"), (80.4, "1 min 20 s"), (7_500, "2 h 5 min"), (None, "–")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert units.format_seconds(seconds) == text


def test_ratios_milliseconds_and_decibels() -> None:
    assert units.format_ratio(0.634) == "0.63"
    assert [units.format_ms(value) for value in (0.042, 0.424, 9.42, 128.4)] == [
        "42 µs",
        "0.42 ms",
        "9.42 ms",
        "128 ms",
    ]
    assert units.format_decibels(-3.21) == "−3.2 dB"
