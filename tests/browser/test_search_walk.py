"""A stakeholder's wish, from the form to the file to take."""

import re

import pytest
from browser_server import PATIENCE, Server
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_search_is_started_watched_and_ends_with_a_pick(server: Server, visit: Page) -> None:
    def fill(name: str, value: str) -> None:
        field = visit.get_by_role("spinbutton", name=name)
        field.fill(value)
        field.press("Enter")

    visit.goto(f"{server.url}/new?model=digits-mlp&data=digits")
    visit.get_by_text("Search automatically", exact=True).click()
    fill("Search for (minutes)", "")
    expect(visit.get_by_text("This search would never stop.")).to_be_visible()
    visit.get_by_text("Advanced", exact=True).click()
    fill("Recipes at most", "6")
    fill("Download at most (KB)", "60")
    fill("Lose at most (points)", "20")
    expect(visit.get_by_text("This search would never stop.")).to_have_count(0)
    visit.get_by_role("button", name="Start the study").click()

    expect(visit).to_have_url(re.compile(r"/study\?.*study=digits-mlp-nsga2"))
    expect(visit.get_by_text("Recipes tried")).to_be_visible()
    badge = visit.locator("span.stMarkdownBadge").first
    expect(badge).to_have_text("complete", timeout=5 * PATIENCE)
    pick = visit.locator(".st-key-pick_card")
    expect(pick).to_contain_text("Fits 60 KB and loses at most 20 points: #")
    expect(pick).to_contain_text("Runner-up: #")
    visit.get_by_text("Exact limits", exact=True).click()
    expect(visit.get_by_role("spinbutton", name="Download at most (KB)")).to_have_value("60")
    visit.get_by_role("button", name="Actions").click()
    expect(visit.get_by_role("button", name="Improve this front for 5 more minutes")).to_be_enabled()
