"""Measuring the sample study's files on this machine, and making one that it came without."""

from __future__ import annotations

from browser_server import Server
from playwright.sync_api import Page, expect

A_MINUTE = 120_000
"""Milliseconds, with room for a loaded machine."""


def test_two_visitors_share_a_measurement_and_a_file_is_made_again(server: Server, visit: Page) -> None:
    visit.goto(f"{server.url}/study?study=sample&trial=14")
    measured_on = visit.get_by_text("Latency measured on").first
    expect(measured_on).to_contain_text("1 thread, onnxruntime")
    visit.get_by_role("button", name="Make this file").click()
    download = visit.get_by_role("button", name="Download", exact=False).last
    expect(download).to_be_visible(timeout=A_MINUTE)
    expect(visit.get_by_role("button", name="Make this file")).to_have_count(0, timeout=A_MINUTE)

    visit.get_by_role("button", name="Measure here").click()
    expect(visit.get_by_text("Measuring on this machine")).to_be_visible()
    other = visit.context.new_page()
    other.goto(f"{server.url}/study?study=sample")
    expect(other.get_by_text("Measuring on this machine")).to_be_visible()
    for page in (visit, other):
        expect(page.get_by_text("This machine", exact=True)).to_be_visible(timeout=A_MINUTE)
    visit.get_by_text("The study's", exact=True).click()
    visit.wait_for_url("**timed=own**")
