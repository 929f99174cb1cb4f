"""The first screen as a presenter uses it: keys, playing, and nothing around it."""

import re

import pytest
from browser_server import Server
from playwright.sync_api import Page, WebSocket, expect

pytestmark = pytest.mark.browser
WORDS = {"en-US": ("The original", "objects"), "zh-CN": ("原模型", "目标")}


@pytest.mark.parametrize("locale", WORDS)
def test_keys_move_picture_figures_and_point_together_without_the_server(
    seen_server: Server, visit: Page, locale: str
) -> None:
    sent: list[object] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(frame))

    visit.on("websocket", watch)
    visit.goto(f"{seen_server.url}/?present=1")
    walk = visit.locator(".walking")
    slider = walk.locator("[data-field=stop]")
    expect(walk.locator("canvas")).to_be_visible()
    expect(walk.locator("dd").first).to_be_visible()
    before, asked = told(visit), len(sent)

    visit.keyboard.press("End")
    last = slider.get_attribute("max")
    assert last is not None
    expect(slider).to_have_value(last)
    smallest = told(visit)
    assert smallest["figures"] != before["figures"]
    assert smallest["point"] != before["point"]
    assert smallest["scene"] != before["scene"], "the chosen scene goes blind at the smallest file"
    visit.keyboard.press("PageUp")
    expect(slider).to_have_value(str(int(last) - 1))
    visit.keyboard.press("Home")
    expect(slider).to_have_value("0")
    original, objects = WORDS[locale]
    expect(walk.locator("[data-part=finding]")).to_contain_text(original)
    expect(walk.locator("[data-part=scene]")).to_contain_text(objects)
    visit.keyboard.press(" ")
    expect(slider).to_have_value(re.compile("[1-9]"))
    visit.keyboard.press(" ")
    assert len(sent) == asked, "the server has nothing to do with it"

    expect(visit.get_by_test_id("stSidebar")).to_have_count(0)
    visit.set_viewport_size({"width": 1280, "height": 720})
    assert overflow(visit) == (0, 0)
    visit.set_viewport_size({"width": 390, "height": 844})
    assert overflow(visit)[0] == 0

    visit.keyboard.press("Escape")
    expect(visit.locator("h1")).to_be_visible()
    assert "present" not in visit.url


def told(page: Page) -> dict[str, object]:
    """What the walk shows now."""
    part = page.locator(".walking [data-part]")
    now = page.locator(".walking .front .now")
    return {
        "figures": part.and_(page.locator("[data-part=figures]")).inner_text(),
        "scene": part.and_(page.locator("[data-part=scene]")).inner_text(),
        "point": (now.get_attribute("cx"), now.get_attribute("cy")),
    }


def overflow(page: Page) -> tuple[int, int]:
    """Pixels that the page is wider and higher than the window."""
    page.wait_for_timeout(500)
    across: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    down: int = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight - innerHeight")
    return across, down
