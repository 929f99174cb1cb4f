"""What the pictures that move show, and that hands, keys and other themes are answered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from live_bench import real
from live_page import bench, settled, shown, slide, told
from picture_bench import THEMES
from playwright.sync_api import Locator, Page, expect
from test_accessibility import AXE, FINDINGS, GRAVE

from edgeslim.lessons.live import LowRank, Quantize, Softening, Threshold
from edgeslim.ui.lesson.live.component import Room

pytestmark = pytest.mark.browser

KINDS = tuple(real())
SIZES = {"desktop": (1440, 900), "projector": (1280, 720), "phone": (390, 844)}


@pytest.fixture
def page(visit: Page) -> Iterator[Page]:
    """An empty bench. The browser's console must stay empty."""
    complaints: list[str] = []
    visit.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    visit.on("pageerror", lambda error: complaints.append(str(error)))
    bench(visit)
    yield visit
    assert complaints == []


def line(live: Locator, name: str) -> str:
    return live.locator(".steps li").filter(has_text=name).locator("b").inner_text()


def test_half_of_the_weights_pruned_is_half_in_every_order(page: Page) -> None:
    view = real()["pruning"]
    assert isinstance(view, Threshold)
    live = shown(page, view)
    slide(live, "Share of weights pruned", 30)
    assert told(live)["Zeros in total"] == "30 %"
    assert told(live)["Threshold t"] == f"{view.thresholds[30]:#.3g}"
    row = live.locator(".level-1 .row").filter(has_text="stem.0")
    opened = (np.abs(view.layers[0].numbers) < view.thresholds[30]).mean()
    expect(row.locator(".told")).to_have_text(f"{opened:.0%}".replace("%", " %"))
    assert line(live, "Zeros in this layer") == f"{opened:.0%}".replace("%", " %")
    for order in ("Largest first", "At random"):
        live.get_by_role("button", name=order).click()
        settled(page)
        assert told(live)["Zeros in total"] == "30 %"


def test_a_weight_is_followed_to_its_kernel_and_layer(page: Page) -> None:
    view = real()["pruning"]
    assert isinstance(view, Threshold)
    live = shown(page, view)
    live.get_by_role("button", name="stage8.0.0").click()
    settled(page)
    weights = view.layers[2].numbers
    plot = live.locator(".level-2 canvas.picks")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 2, box["y"] + 2)
    settled(page)
    assert line(live, "Weight") == f"w = {weights[0, 0, 0, 0]:#.3g}".replace("-", "−")
    expect(live.locator(".level-3 .detail")).to_have_text("filter 1 · input 1 · row 1 · column 1")
    live.locator(".kernel button").nth(5).click()
    settled(page)
    expect(live.locator(".level-3 .detail")).to_have_text("filter 1 · input 1 · row 2 · column 3")
    live.get_by_role("button", name="Previous", exact=True).press("Enter")
    settled(page)
    expect(live.locator(".level-3 .detail")).to_have_text("filter 1 · input 1 · row 2 · column 2")
    live.get_by_role("button", name="Same place in the next row or filter").press("Enter")
    settled(page)
    expect(live.locator(".level-3 .detail")).to_have_text("filter 2 · input 1 · row 2 · column 2")


def test_dragging_the_threshold_moves_the_slider(page: Page) -> None:
    live = shown(page, real()["pruning"])
    box = live.locator("canvas.drags").bounding_box()
    assert box is not None
    most = np.abs(real()["pruning"].layers[0].numbers).max() * 1.05  # type: ignore[union-attr]
    at = lambda value: box["x"] + box["width"] * (0.5 + value / (2 * most))  # noqa: E731
    before = real()["pruning"].thresholds  # type: ignore[union-attr]
    page.mouse.move(at(before[50]), box["y"] + 60)
    page.mouse.down()
    page.mouse.move(at(before[80]), box["y"] + 60, steps=4)
    page.mouse.up()
    settled(page)
    assert abs(int(live.get_by_role("slider").input_value()) - 80) <= 1


def test_zeros_take_room_in_a_file_as_any_number_does(page: Page) -> None:
    view = real()["pruning"]
    assert isinstance(view, Threshold)
    live = shown(page, view, budget=Room("Tiny board", 300_000))
    for position in (0, 90):
        slide(live, "Share of weights pruned", position)
        expect(live.locator(".budget.over")).to_have_text("340 KB: does not fit 300 KB on Tiny board")


def test_bits_make_a_file_fit_and_cost_signal(page: Page) -> None:
    view = real()["quantization"]
    assert isinstance(view, Quantize)
    room = Room("Tiny board", view.file - view.weights * 3)  # 8 bits just fit
    live = shown(page, view, budget=room)
    quality = []
    for bits in (8, 4, 2):
        slide(live, "Bits", bits)
        expect(live.locator(".budget:not(.over)")).to_be_visible()
        quality.append(float(told(live)["SQNR of this layer"].removesuffix(" dB").replace("−", "-")))
    assert quality == sorted(quality, reverse=True) and quality[0] > 35 > 25 > quality[1]
    shown(page, view, budget=Room("Tiny board", room.bytes - 1))
    slide(live, "Bits", 8)
    expect(live.locator(".budget.over")).to_be_visible()


def test_one_weight_is_divided_rounded_and_multiplied(page: Page) -> None:
    view = real()["quantization"]
    assert isinstance(view, Quantize)
    live = shown(page, view)
    weights = view.layers[0].numbers
    scale = max(weights.max() / 7, -weights.min() / 8)
    chosen = weights.ravel()[np.abs(weights.ravel() - weights.max() * 0.4).argmin()]
    code = round(chosen / scale)
    assert line(live, "Scale of the layer") == f"s = {scale:#.3g}"
    assert line(live, "w / s") == f"{chosen / scale:#.4g}"
    assert line(live, "Clip to −8 … 7") == f"q = {code}"
    assert line(live, "Error") == f"{code * scale - chosen:#.3g}".replace("-", "−")
    stored = live.locator(".code b:not(.spare)").all_inner_texts()
    assert "".join(stored) == f"{code & 15:04b}"
    live.get_by_role("button", name="Power of two").click()
    settled(page)
    assert line(live, "Scale of the layer") in {f"s = 2^−{k}" for k in (3, 4)}
    expect(live.get_by_role("button", name="With zero point")).to_be_disabled()


def test_too_high_a_rank_takes_more_numbers_than_the_matrix(page: Page) -> None:
    view = real()["low_rank"]
    assert isinstance(view, LowRank)
    live = shown(page, view)
    for rank, tone in ((20, "good"), (21, "bad")):  # 24 · 144 / (24 + 144) = 20.6
        slide(live, "Rank", rank)
        figure = live.locator("dl > div").filter(has_text="Against the full matrix").locator("b")
        expect(figure).to_have_class(tone)
        assert told(live)["Numbers to store"].replace(" ", "") == str(rank * (24 + 144)).replace(" ", "")
    slide(live, "Rank", 24)
    assert line(live, "Sum of 24 terms") == line(live, "true value")


def test_a_high_temperature_evens_the_classes_out(page: Page) -> None:
    view = real()["distillation"]
    assert isinstance(view, Softening)
    live = shown(page, view)
    entropies = []
    for position in (-8, 0, 20, 40):  # T = 0.5, 1, 5.7, 32
        slide(live, "Temperature", position)
        entropies.append(float(told(live)["Entropy of the soft label"].removesuffix(" bit")))
    assert entropies == sorted(entropies) and entropies[0] < 0.01 and entropies[-1] > 3.2


def test_relu_makes_zeros_and_silu_none(page: Page) -> None:
    live = shown(page, real()["networks"])
    assert told(live)[
        "Exact zeros after it"
    ] == f"{(real()['networks'].layers[0].numbers <= 0).mean():.0%}".replace(  # type: ignore[union-attr]
        "%", " %"
    )
    live.get_by_role("button", name="SiLU").click()
    settled(page)
    assert told(live)["Exact zeros after it"] == "0 %"
    live.get_by_role("slider").focus()
    page.keyboard.press("Home")
    settled(page)
    x = float(live.get_by_role("slider").input_value())
    assert told(live)["f(x)"] == f"{x / (1 + np.exp(-x)):#.3g}".replace("-", "−")


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_fits_its_window_and_reads_well(page: Page, kind: str) -> None:
    page.evaluate(AXE)
    for language in ("en", "zh"):
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            live = shown(page, real()[kind], language, Room("STM32H7", 60_000))  # type: ignore[arg-type]
            expect(live.locator("section")).to_have_count(3)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(FINDINGS, [GRAVE, ["page-has-heading-one"]]) == []
            assert all(
                live.locator("canvas[role=img]").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
            )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_jumps_while_a_slider_moves(page: Page, kind: str) -> None:
    places = "(all) => all.map((one) => Math.round(one.getBoundingClientRect().top))"
    for language, (width, height) in itertools.product(("en", "zh"), SIZES.values()):
        page.set_viewport_size({"width": width, "height": height})
        live = shown(page, real()[kind], language, Room("STM32H7", 60_000))  # type: ignore[arg-type]
        slider = live.get_by_role("slider").first
        low, high = (float(slider.get_attribute(end) or 0) for end in ("min", "max"))
        first = live.locator("section, .plot, .steps, dl").evaluate_all(places)
        for share in (0, 0.1, 0.37, 0.5, 0.8, 1):
            value = round(low + share * (high - low))
            slider.evaluate("(one, v) => { one.value = v; one.dispatchEvent(new Event('input')); }", value)
            settled(page)
            now = live.locator("section, .plot, .steps, dl").evaluate_all(places)
            assert now == first, f"{language} {width} at {value}"


@pytest.mark.parametrize("theme", THEMES)
def test_the_same_data_again_keeps_what_the_visitor_did(visit: Page, theme: str) -> None:
    bench(visit, theme)
    live = shown(visit, real()["quantization"])
    slide(live, "Bits", 3)
    shown(visit, real()["quantization"])
    assert live.get_by_role("slider", name="Bits").input_value() == "3"
    shown(visit, real()["quantization"], "zh")
    expect(live.get_by_role("slider", name="位宽")).to_be_visible()


def test_a_slider_plays_from_end_to_end_and_comes_home(page: Page) -> None:
    live = shown(page, real()["quantization"])
    page.clock.install()
    live.get_by_role("button", name="Play from end to end").click()
    slider, seen = live.get_by_role("slider", name="Bits"), []
    for _ in range(20):
        page.clock.run_for(400)
        seen.append(int(slider.input_value()))
    assert set(seen) >= set(range(2, 9)) and seen[-1] == 4
    expect(live.get_by_role("button", name="Play from end to end")).to_be_visible()
