"""A stakeholder takes a report home from the screen, and opens it where there is no network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_server import Server
from playwright.sync_api import Page, expect

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.studies.budget import Budget

pytestmark = pytest.mark.browser


def test_a_report_from_the_screen_is_the_shells_and_lives_without_a_network(
    seen_server: Server, visit: Page, tmp_path: Path
) -> None:
    visit.goto(f"{seen_server.url}/study?max_download=200&max_latency_ratio=0.9")
    title = visit.locator("h1")
    expect(title).to_contain_text("×")
    said = title.inner_text()
    visit.get_by_role("button", name="Take home").click()
    dialog = visit.get_by_role("dialog")
    expect(dialog.get_by_text("edgeslim study choose sample")).to_be_visible()
    save = dialog.get_by_role("button", name="Save the report")
    expect(save).to_be_visible()  # once both files were run and compared
    assert Axe().run(visit, context=".stDialog").violations_count == 0
    with visit.expect_download() as saved:
        save.click()
    report = tmp_path / "report.html"
    saved.value.save_as(report)
    visit.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(visit).not_to_have_url(re.compile("take=1"))

    budget = Budget.of(download=200_000, latency_ratio=0.9)
    written = tmp_path / "shell.html"
    limits = ["--budget", "download=200KB", "--budget", "latency_ratio=0.9"]
    assert main(["--store", str(seen_server.home), "report", "sample", *limits, "--out", str(written)]) == 0
    assert written.read_bytes() == report.read_bytes()

    complaints: list[str] = []
    visit.on("pageerror", lambda error: complaints.append(str(error)))
    visit.on("console", lambda each: complaints.append(each.text) if each.type == "error" else None)
    visit.context.set_offline(True)
    visit.goto(report.as_uri())
    expect(visit.locator("h1")).to_have_text(said)
    expect(visit.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert visit.locator(".chart.js-plotly-plot").count() == 5
    expect(visit.locator("#trials + p + .scroll tbody tr")).to_have_count(41)
    assert visit.locator(".scene image").evaluate_all(
        "(all) => all.every((each) => each.href.baseVal.length > 999)"
    )
    for width in (390, 1440):
        visit.set_viewport_size({"width": width, "height": 900})
        visit.wait_for_timeout(300)
        assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    paper = visit.evaluate(
        "Math.max(...[...document.querySelectorAll('.chart')].map((each) => each.clientWidth))"
    )
    assert paper <= 673, "a chart is no wider than A4 between its margins"
    study = workbench.shown_study("sample", Store(seen_server.home))
    for language in ("en", "zh"):
        settings = workbench.ReportSettings(language=language, short=True, budget=budget)
        report.write_text(workbench.make_report(study, settings, Store(seen_server.home)), encoding="utf-8")
        visit.goto(report.as_uri())
        expect(visit.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        paper = visit.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, "a stakeholder gets one page"
    assert complaints == []
