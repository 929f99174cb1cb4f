"""A file that lost much: the doctor names the cause, its mend is tried and judged."""

import re

import pytest
from browser_server import PATIENCE, Server
from playwright.sync_api import Page, expect
from small_study import made

from edgeslim.artifacts.store import Store

pytestmark = pytest.mark.browser
WORDS = {
    "en-US": ("Examine", "A step takes away too much", "Try this", "Open it", "The doctor was right"),
    "zh-CN": ("开始诊断", "某一步压缩过强", "试试这个", "打开", "诊断正确"),
}


@pytest.mark.parametrize("locale", WORDS)
def test_the_cause_is_named_and_its_mend_tried(server: Server, visit: Page, locale: str) -> None:
    begin, cause, attempt, open_it, right = WORDS[locale]
    if locale == "zh-CN":
        visit.set_viewport_size({"width": 390, "height": 844})
    made(Store(server.home), {"step": "magnitude_pruning", "sparsity": 0.97})
    visit.goto(f"{server.url}/study?study=mine&trial=1&section=doctor")
    visit.get_by_role("button", name=begin).click()
    expect(visit.get_by_text(cause).first).to_be_visible(timeout=2 * PATIENCE)
    visit.get_by_role("button", name=attempt).click()
    visit.get_by_role("button", name=open_it).click()
    expect(visit).to_have_url(re.compile(r"trial=2"))
    expect(visit.get_by_text(right)).to_have_count(0)
    badge = visit.locator("span.stMarkdownBadge").first
    expect(badge).to_have_text({"en-US": "complete", "zh-CN": "已完成"}[locale], timeout=5 * PATIENCE)
    visit.goto(f"{server.url}/study?study=mine&trial=1&section=doctor")
    expect(visit.get_by_text(right)).to_be_visible()
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
