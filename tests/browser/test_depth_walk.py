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


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "en-US",
            (
                "Star",
                "Add a note",
                "Keep",
                "Stage by stage",
                "Measure all stages",
                "saves most",
                "How it went",
            ),
        ),
        ("zh-CN", ("标星", "添加备注", "保存", "逐阶段分析", "测量全部阶段", "节省最多", "实验过程")),
    ],
)
def test_a_file_is_starred_taken_apart_and_found_again(
    server: Server, visit: Page, locale: str, words: tuple[str, ...]
) -> None:
    star, add, keep, stages, measure, most, how = words
    made(Store(server.home), *STEPS)
    visit.goto(f"{server.url}/study?study=mine&trial=1")
    visit.get_by_role("button", name=f"☆ {star}").click()
    expect(visit.get_by_role("button", name=f"☆ {star}")).to_have_count(0)
    note = visit.get_by_role("button", name=add)
    note.evaluate("(button) => button.scrollIntoView({block: 'center'})")  # room for what opens below it
    note.click()
    visit.get_by_test_id("stPopoverBody").get_by_role("textbox").fill("for Tuesday")  # not the table's field
    visit.get_by_role("button", name=keep, exact=True).click()
    expect(visit.get_by_text("for Tuesday").first).to_be_visible()

    visit.get_by_role("tab", name=stages).click()
    expect(visit).to_have_url(re.compile("section=stages"))
    visit.get_by_role("button", name=measure).click()
    expect(visit.get_by_role("button", name=measure)).to_have_count(0)
    visit.goto(f"{server.url}/")  # it goes on without anybody looking
    expect(visit.get_by_role("heading", level=1).first).to_be_visible()
    visit.goto(f"{server.url}/study?study=mine&trial=1&section=stages")
    expect(visit.get_by_text(most)).to_be_visible(timeout=5 * PATIENCE)
    assert sum(name.startswith("ablation-") for name in workbench.study_versions(Store(server.home))) == 1

    visit.get_by_role("tab", name=how, exact=True).click()
    expect(visit).to_have_url(re.compile("section=search"))
    visit.set_viewport_size({"width": 390, "height": 844})
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visit.evaluate(wide) <= 0
    assert workbench.trial_notes("mine", Store(server.home))[1].star
