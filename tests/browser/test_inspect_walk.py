"""Looking inside a file as a visitor does: select a layer, check its numbers, find another by keys, see what changed."""

import re

import pytest
from browser_server import Server
from playwright.sync_api import Page, expect

from edgeslim import workbench

pytestmark = pytest.mark.browser


def test_select_a_layer_and_see_what_became_of_it(server: Server, visit: Page) -> None:
    study = workbench.sample_study()
    assert study is not None
    trial = next(
        each.number
        for each in study.trials
        if [stage.step for stage in each.stages][:1] == ["low_rank"]
        and each.sha256
        and workbench.has_artifact(each.sha256)
    )
    visit.goto(f"{server.url}/inspect?trial={trial}")
    boxes = visit.locator(".graph .box")
    expect(boxes).to_have_count(56)
    visit.locator(".graph .layer", has_text="stage8.0.0").click()
    expect(visit).to_have_url(re.compile(r"layer=stage8\.0\.0"))
    metric = visit.get_by_test_id("stMetric").filter(has_text=re.compile("^Bytes"))
    expect(metric.get_by_test_id("stMetricValue")).to_have_text("14.7 KB")
    expect(visit.locator(".graph .chosen")).to_have_count(1)
    expect(visit.get_by_test_id("stPlotlyChart")).to_have_count(5)  # once its weights were looked at

    stage = visit.locator(".graph .stage")
    stage.focus()
    for key in ("Home", "ArrowDown"):
        visit.keyboard.press(key)
    expect(visit.locator(".graph .said")).to_contain_text("stage4.0.0.0")
    visit.keyboard.press("Enter")
    expect(visit).to_have_url(re.compile(r"layer=stage4\.0\.0\.0"))
    visit.get_by_role("tab", name="Difference").click()
    expect(visit.get_by_text("split into 3").first).to_be_visible()
    expect(visit.get_by_text("Low-rank factorization").first).to_be_visible()
    expect(visit.locator("[data-field=colour]")).to_have_value("change")

    visit.locator("[data-do=fold]").click()
    expect(visit.locator(".graph .block").first).to_be_visible()
    visit.locator("[data-field=search]").fill("head16.cl")
    visit.keyboard.press("Enter")
    expect(visit).to_have_url(re.compile(r"layer=head16\.classify"))
    expect(visit.locator(".graph .chosen")).to_contain_text("head16.cl")
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.wait_for_timeout(300)
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
