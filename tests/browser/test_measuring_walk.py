"""Measuring the sample study's files on this machine, and making one that it came without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_server import Server, chromium, serving
from playwright.sync_api import Page, expect

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errands.timing import SECONDS_VARIABLE

pytestmark = pytest.mark.browser

A_MINUTE = 120_000
"""Milliseconds, with room for a loaded machine."""


@pytest.fixture
def brief_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_scenes: Callable[[Path], Store]
) -> Iterator[Server]:
    """Times files for ten seconds, in which another visitor has to come."""
    chromium()
    with_scenes(tmp_path / "home")
    monkeypatch.setenv(SECONDS_VARIABLE, "10")
    with serving(tmp_path) as server:
        yield server


def test_two_visitors_share_a_measurement_and_a_file_is_made_again(brief_server: Server, visit: Page) -> None:
    visit.goto(f"{brief_server.url}/study?study=sample&trial=14")
    measured_on = visit.get_by_text("Latency measured on").first
    expect(measured_on).to_contain_text("1 thread, onnxruntime")
    visit.get_by_role("button", name="Make this file").click()
    download = visit.get_by_role("button", name="Download", exact=False).last
    expect(download).to_be_visible(timeout=A_MINUTE)
    expect(visit.get_by_role("button", name="Make this file")).to_have_count(0, timeout=A_MINUTE)

    other = visit.context.new_page()
    other.goto(f"{brief_server.url}/study?study=sample")
    expect(other.get_by_role("button", name="Measure here")).to_be_visible()
    visit.get_by_role("button", name="Measure here").click()
    expect(visit.get_by_text("Measuring on this machine")).to_be_visible()
    other.reload()
    expect(other.get_by_text("Measuring on this machine")).to_be_visible()
    for page in (visit, other):
        expect(page.get_by_text("This machine", exact=True)).to_be_visible(timeout=A_MINUTE)
    visit.get_by_text("The study's", exact=True).click()
    visit.wait_for_url("**timed=own**")
