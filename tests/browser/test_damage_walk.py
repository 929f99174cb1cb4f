"""The gallery of damage as a visitor uses it: filter, open a crop, go on by key, send the link."""

import re

import pytest
from browser_server import Server
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
WORDS = {"en-US": ("lost", "lost"), "zh-CN": ("丢失", "丢失")}


@pytest.mark.parametrize("locale", WORDS)
def test_filter_open_a_crop_and_send_the_link(seen_server: Server, visit: Page, locale: str) -> None:
    chip, word = WORDS[locale]
    visit.goto(f"{seen_server.url}/compare?section=damage&trials=6")
    crops = visit.locator(".close-ups article")
    expect(crops.first).to_be_visible()
    lost = visit.get_by_role("button", name=re.compile(f"^{chip} · "))
    expected = int((lost.inner_text()).rpartition("·")[2])
    title = visit.get_by_role("heading", level=1)  # what the title says is what the gallery shows
    expect(title).to_contain_text(re.compile(rf"(?<!\d){expected}(?!\d)"))
    lost.click()
    expect(visit).to_have_url(re.compile("kind=lost"))
    expect(visit.locator("[data-part=total]")).to_have_text(f"/ {expected}")
    expect(crops).to_have_count(min(24, expected))
    expect(crops.first.locator("h2")).to_contain_text(word)

    crops.nth(1).locator("canvas").first.click()
    stage = visit.locator(".stage:not(.many)")
    expect(stage.locator("canvas")).to_have_count(2)
    expect(visit.locator(".story")).to_be_visible()
    expect(visit).to_have_url(re.compile("image=1"))
    visit.locator(".stage").focus()
    visit.keyboard.press("ArrowRight")
    expect(visit).to_have_url(re.compile("image=2"))
    expect(visit.locator(".story")).to_be_visible()

    visit.wait_for_timeout(2000)  # until the server has heard of both turns: the first one's echo comes late
    expect(visit).to_have_url(re.compile("image=2"))
    visit.goto(visit.url)
    expect(visit.locator("[data-field=position]")).to_have_value("3")
    expect(visit.locator(".story")).to_be_visible()
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.wait_for_timeout(500)
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
