"""Pictures in the running app: what reaches the server and what does not, links, languages, themes, a phone."""

import re
from collections.abc import Iterator

import pytest
from browser_server import PROBES, Server
from picture_bench import counts, press, settled
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

INK = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
}"""


@pytest.fixture
def sent(visit: Page) -> Iterator[list[str]]:
    """What the browser sends to the server, one entry a message. Its console must stay empty."""
    messages: list[str] = []
    complaints: list[str] = []
    visit.on("websocket", lambda socket: socket.on("framesent", lambda _: messages.append(visit.url)))
    visit.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    visit.on("pageerror", lambda error: complaints.append(str(error)))
    yield messages
    assert [one for one in complaints if not one.startswith(PROBES)] == []


def test_threshold_and_view_stay_in_the_page_and_pictures_come_from_the_server(
    seen_server: Server, visit: Page, sent: list[str]
) -> None:
    fetched: list[str] = []
    visit.on("response", lambda answer: fetched.append(answer.url) if "/picture/" in answer.url else None)
    visit.goto(f"{seen_server.url}/compare?trials=19&image=2&confidence=0.3")
    shown = visit.locator(".pictures")
    expect(shown.locator("canvas")).to_have_count(2)
    expect(shown.locator("h2")).to_have_text("00090-rain")
    visit.wait_for_load_state("networkidle")
    assert shown.locator("canvas").first.evaluate(INK) > 1000, "the picture itself is drawn"
    assert {len(one.rpartition("/")[2]) for one in fetched} == {36}
    assert len(set(fetched)) == len(fetched) <= 2, "each is fetched once"

    before, lost = len(sent), counts(shown)[1]
    press(shown, *["ArrowUp"] * 8)
    shown.get_by_role("button", name="Changes only").click()
    shown.get_by_label("Ground truth").check()
    settled(visit)
    assert counts(shown)[1] != lost
    visit.wait_for_timeout(1000)
    assert len(sent) == before, "no rerun"
    expect(visit).to_have_url(re.compile(r"trials=19&image=2&confidence=0\.7&view=changes&truth=1"))

    visit.reload()
    expect(shown.locator(".value")).to_have_text("0.70")
    expect(shown.get_by_role("button", name="Changes only")).to_have_attribute("aria-pressed", "true")
    expect(shown.get_by_label("Ground truth")).to_be_checked()


def test_the_next_picture_is_there_at_once_and_back_returns(
    seen_server: Server, visit: Page, sent: list[str]
) -> None:
    visit.goto(f"{seen_server.url}/compare?trials=19,6")
    shown = visit.locator(".pictures")
    expect(shown.locator("h2")).to_have_text("00065-day")
    press(shown, "ArrowRight")
    expect(shown.locator("h2")).to_have_text("00062-night")
    expect(visit).to_have_url(re.compile("image=1"))
    before = len(sent)
    press(shown, "ArrowRight", "ArrowRight", "ArrowUp")
    expect(shown.locator("h2")).to_have_text("00100-dusk")
    expect(shown.locator(".stage")).to_have_attribute("aria-busy", "false")
    assert len(sent) > before
    expect(shown.locator(".value")).to_have_text("0.55")
    shown.get_by_role("button", name="Many pictures at once").click()
    expect(shown.locator("canvas")).to_have_count(36)
    shown.get_by_role("button", name="00117-day").click()
    expect(shown.locator("canvas")).to_have_count(3)
    expect(visit).to_have_url(re.compile("image=4"))
    visit.go_back()
    expect(visit).to_have_url(re.compile("grid=1"))
    expect(shown.locator("canvas")).to_have_count(36)
    expect(shown.locator(".value")).to_have_text("0.55")
    expect(visit.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_first_screen_on_a_phone_in_both_themes(
    seen_server: Server, visit: Page, sent: list[str], locale: str
) -> None:
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(seen_server.url)
    shown = visit.locator(".pictures")
    expect(shown.get_by_role("slider", name={"en-US": "Divider", "zh-CN": "分隔线"}[locale])).to_be_visible()
    colours = []
    for scheme in ("light", "dark"):
        visit.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        visit.wait_for_timeout(500)
        colours.append(shown.evaluate("(one) => getComputedStyle(one).color"))
        assert visit.evaluate("document.documentElement.scrollWidth") == 390
    assert colours == ["rgb(10, 18, 16)", "rgb(230, 238, 235)"]
    expect(shown.locator(".counts")).to_contain_text({"en-US": "kept", "zh-CN": "保持"}[locale])
