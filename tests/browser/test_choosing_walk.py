"""A stakeholder with a budget: drags a limit, reads what to take and what it costs, opens a file, passes the link on."""

import re

import pytest
from browser_server import Server
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CHART = ".st-key-study_chart"
WORDS = {
    "en-US": {"slider": "Download, at most", "fits": "Fits", "recommended": "Recommended", "dimmed": "over budget"},
    "zh-CN": {"slider": "下载体积上限", "fits": "下载体积不超过", "recommended": "推荐", "dimmed": "超出预算"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "size"), [("en-US", (1280, 720)), ("zh-CN", (390, 844))], ids=["projector", "phone"]
)
def test_a_limit_is_dragged_and_a_file_is_named(
    seen_server: Server, visit: Page, locale: str, size: tuple[int, int]
) -> None:
    words = WORDS[locale]
    visit.set_viewport_size({"width": size[0], "height": size[1]})
    visit.goto(f"{seen_server.url}/study")
    card, chart = visit.locator(".st-key-pick_card"), visit.locator(f"{CHART} .js-plotly-plot").last
    expect(card).to_contain_text(words["recommended"])
    expect(chart.locator(".points path").first).to_be_visible()
    before = frame_of(visit)
    if size == (1280, 720):
        box = chart.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 725, (
            "chart and pick are seen without scrolling"
        )

    slider = visit.get_by_role("slider", name=words["slider"])
    slider.focus()
    for _ in range(9):  # one after the other: a run of the script may still be on its way
        address = visit.url
        slider.press("ArrowLeft")
        expect(visit).not_to_have_url(address)
    expect(card).to_contain_text(words["fits"])
    expect(visit).to_have_url(re.compile(r"max_download=\d+"))
    expect(visit.locator("h1")).to_have_text(re.compile(r"×|1/"))
    expect(chart).to_contain_text(words["dimmed"])
    assert frame_of(visit) == before, "one more entry in the legend does not move the plot"

    for _ in range(10):  # a chart that is just drawn anew takes no click
        chart.evaluate("(chart) => chart.scrollIntoView({ block: 'center' })")  # not under the header
        chart.locator(".points path").last.click(force=True)
        visit.wait_for_timeout(1000)
        if "trial=" in visit.url:
            break
    expect(visit).to_have_url(re.compile(r"trial=\d+"), timeout=1000)
    link = visit.url
    visit.goto(link)
    expect(card).to_contain_text(words["fits"])
    wide = visit.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "nothing to scroll sideways"


def frame_of(page: Page) -> list[float]:
    """Where the plot stands within its figure: left, top, width, height."""
    found: list[float] = page.evaluate(
        """() => {
            const size = document.querySelector(".st-key-study_chart .js-plotly-plot")._fullLayout._size;
            return [size.l, size.t, size.w, size.h];
        }"""
    )
    return found
