"""What lies below the chart of a study: a file is starred, taken apart stage by stage, and found again."""

import re

import pytest
from browser_server import PATIENCE, Server
from playwright.sync_api import Page, expect
from small_study import made

from edgeslim import workbench
from edgeslim.artifacts.store import Store

pytestmark = pytest.mark.browser
STEPS: tuple[dict[str, object], ...] = (
    {"step": "magnitude_pruning", "sparsity": 0.6},
    {"step": "fine_tuning", "steps": 20},
    {"step": "static_int8"},
)


def test_a_file_is_starred_taken_apart_and_found_again(server: Server, visit: Page) -> None:
    made(Store(server.home), *STEPS)
    here = f"{server.url}/study?study=mine&trial=1"
    visit.goto(here)
    visit.get_by_role("button", name="☆ Star").click()
    expect(visit.get_by_role("button", name="☆ Star")).to_have_count(0)
    note = visit.get_by_role("button", name="Add a note")
    note.evaluate("(button) => button.scrollIntoView({block: 'center'})")  # room for what opens below it
    note.click()
    visit.get_by_test_id("stPopoverBody").get_by_role("textbox").fill("for Tuesday")  # not the table's field
    visit.get_by_role("button", name="Keep", exact=True).click()
    expect(visit.get_by_text("for Tuesday").first).to_be_visible()

    visit.get_by_role("tab", name="Stage by stage").click()
    expect(visit).to_have_url(re.compile("section=stages"))
    measure = visit.get_by_role("button", name="Measure all stages")
    measure.click()
    expect(measure).to_have_count(0)
    visit.goto(f"{server.url}/")  # it goes on without anybody looking
    expect(visit.get_by_role("heading", level=1).first).to_be_visible()
    visit.goto(f"{here}&section=stages")
    expect(visit.get_by_text("saves most")).to_be_visible(timeout=5 * PATIENCE)
    assert sum(name.startswith("ablation-") for name in workbench.study_versions(Store(server.home))) == 1
    assert workbench.trial_notes("mine", Store(server.home))[1].star

    visit.emulate_media(color_scheme="dark")
    visit.set_viewport_size({"width": 390, "height": 844})
    for language, most, how in (("en", "saves most", "How it went"), ("zh", "节省最多", "实验过程")):
        visit.goto(f"{here}&section=stages&lang={language}")
        expect(visit.get_by_text(most)).to_be_visible()
        expect(visit.get_by_text("for Tuesday").first).to_be_visible()
        visit.get_by_role("tab", name=how, exact=True).click()
        expect(visit).to_have_url(re.compile("section=search"))
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert visit.evaluate(wide) <= 0
