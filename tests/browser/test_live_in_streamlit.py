"""The pictures that move inside Streamlit: no rerun for a slider, nothing lost in one, the theme's own colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_server import chromium, serving
from live_bench import real
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

WHITE = """() => {
    const hosts = [...document.querySelectorAll("*")].map((one) => one.shadowRoot ?? one);
    const canvas = hosts.map((one) => one.querySelector("canvas.drags")).find(Boolean);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let k = 0; k < data.length; k += 4) found += data[k + 3] === 255 && data[k] > 250 && data[k + 1] > 250;
    return found;
}"""
"""White pixels of the histogram: what the light theme's words stand on."""


def test_pictures_move_without_the_server(visit: Page, tmp_path: Path) -> None:
    chromium()
    with serving(tmp_path, script="tests/browser/live_app.py") as server:
        for kind in real():
            visit.goto(f"{server.url}/?picture={kind}")
            expect(visit.locator(".live section")).to_have_count(3)
        visit.goto(f"{server.url}/?picture=pruning")
        told = visit.locator(".slider output")
        visit.get_by_role("slider").focus()
        for _ in range(5):
            visit.keyboard.press("ArrowRight")
        expect(told).to_have_text("55 %")
        visit.get_by_role("button", name="run 1").click()  # no slider made it two
        expect(visit.get_by_role("button", name="run 2")).to_be_visible()
        expect(told).to_have_text("55 %")
        assert visit.evaluate(WHITE) > 0
        visit.emulate_media(color_scheme="dark")
        visit.wait_for_function(f"() => ({WHITE})() === 0")
        expect(told).to_have_text("55 %")
        visit.goto("about:blank")  # before the server ends
