"""A stranger's walk through the app, in English at a desk and in Chinese on a phone, and cold deep links."""

import json
import re
from pathlib import Path

import pytest
from browser_server import PATIENCE, Server
from playwright.sync_api import Page, expect

from edgeslim.ui.components.navigation import PAGES

pytestmark = pytest.mark.browser

RECIPES = [
    {"name": "half precision", "steps": [{"step": "float16"}]},
    {"name": "sparse", "steps": [{"step": "magnitude_pruning", "sparsity": 0.9}]},
    {"name": "too narrow", "steps": [{"step": "channel_pruning", "ratio": 0.9, "max_ratio": 0.1}]},
]
WORDS = {
    "en-US": {
        "overview": "and it still sees",
        "own": "My own recipes",
        "load": "Load recipes",
        "options": "Options",
        "limit": "Validation images",
        "start": "Start the study",
        "complete": "complete",
        "compare": "Compare pictures",
        "side": "against",
        "other": ("中文", "对比"),
    },
    "zh-CN": {
        "overview": "依然看得见",
        "own": "自定义配方",
        "load": "载入配方",
        "options": "选项",
        "limit": "验证图像数",
        "start": "开始实验",
        "complete": "已完成",
        "compare": "对比检测画面",
        "side": "对比",
        "other": ("English", "against"),
    },
}


@pytest.mark.parametrize("locale", WORDS)
def test_overview_study_run_click_compare(server: Server, visit: Page, locale: str, tmp_path: Path) -> None:
    words = WORDS[locale]
    if locale == "zh-CN":
        visit.set_viewport_size({"width": 390, "height": 844})
    heading = visit.locator("h1")
    visit.goto(server.url)
    expect(heading).to_contain_text(words["overview"])

    visit.goto(f"{server.url}/new?model=digits-cnn&data=digits&preset=break-and-recover")
    visit.get_by_text(words["own"], exact=True).click()
    visit.get_by_role("button", name=words["load"]).click()
    recipes = tmp_path / "recipes.json"
    recipes.write_text(json.dumps(RECIPES))
    visit.locator("input[type=file][accept*=json]").set_input_files(recipes)
    expect(visit.locator("[class*=st-key-delete_]")).to_have_count(len(RECIPES))
    expect(visit.get_by_role("button", name=words["start"])).to_be_enabled()
    visit.keyboard.press("Escape")
    visit.get_by_text(words["options"], exact=True).click()
    visit.get_by_role("spinbutton", name=words["limit"]).fill("40")
    visit.get_by_role("spinbutton", name=words["limit"]).press("Enter")
    visit.get_by_role("button", name=words["start"]).click()

    expect(visit).to_have_url(re.compile(r"/study\?.*study=digits-cnn"))
    badge = visit.locator("span.stMarkdownBadge").first
    expect(badge).to_have_text(words["complete"], timeout=5 * PATIENCE)

    front = visit.locator(".js-plotly-plot .scatterlayer .trace .points path")
    expect(front.first).to_be_visible()
    # The lane under the chart holds what failed or cannot be done; the first mark of the chart is a file.
    front.first.click(force=True)
    expect(visit).to_have_url(re.compile(r"trial=\d+"))
    link = visit.locator("code", has_text="/study?study=digits-cnn")
    expect(link).to_be_visible()

    visit.goto(f"{server.url}/study?study={study_in(visit.url)}&trial=1")
    # The file to take has such a link too, and which one that is depends on how the machine timed them.
    visit.locator("a[href*='trials=1']", has_text=words["compare"]).first.click()
    expect(heading).to_contain_text(words["side"])
    expect(visit).to_have_url(re.compile(r"/compare\?.*trials=1"))
    expect(visit.locator(".pictures canvas")).to_have_count(2)

    other, side = words["other"]
    if locale == "zh-CN":
        visit.get_by_test_id("stExpandSidebarButton").click()
    visit.get_by_text(other, exact=True).click()
    expect(heading).to_contain_text(side)
    expect(visit.get_by_role("alert")).to_have_count(0)


def study_in(url: str) -> str:
    found = re.search(r"study=([a-z0-9.-]+)", url)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("", re.compile(r"× smaller")),
        ("study?trial=3", re.compile(r"× smaller")),
        ("new?model_from=file", "New study"),
    ],
    ids=["overview", "study", "new"],
)
def test_a_cold_deep_link_opens_inside_the_frame(
    server: Server, visit: Page, path: str, title: str | re.Pattern[str]
) -> None:
    """The first visitor of a server that has just started: no page alone, no 'Page not found'."""
    visit.goto(f"{server.url}/{path}")
    expect(visit.locator("h1")).to_have_text(title)
    expect(visit.get_by_test_id("stSidebarNav")).to_be_visible()
    expect(visit.get_by_test_id("stSidebarNavLink")).to_have_count(len(PAGES) - 1)  # Live needs its runtime
    expect(visit.get_by_role("dialog")).to_have_count(0)
    expect(visit.get_by_test_id("stException")).to_have_count(0)
