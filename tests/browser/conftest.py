"""A real server and a real browser: Chromium, headless, with a profile of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_server import PATIENCE, Server, chromium, serving
from picture_bench import LABELS, Open, bench, data, items, settled
from playwright.sync_api import Locator, Page, expect, sync_playwright

from edgeslim.ui.picture.payload import Look

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    chromium()
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def visit(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a fresh browser; its language is the test's `locale`, else English."""
    executable = chromium()
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=executable,
            args=FLAGS,
            locale=parameters.get("locale", "en-US"),
            viewport={"width": 1440, "height": 900},
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield context.new_page()
        context.close()


@pytest.fixture
def opened(visit: Page) -> Iterator[Open]:
    """Open the component on made-up pictures. The browser's console must stay empty."""
    complaints: list[str] = []
    visit.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    visit.on("pageerror", lambda error: complaints.append(str(error)))

    def open_(count: int = 1, models: int = 2, theme: str = "light", **given: Any) -> Locator:
        bench(visit, theme)
        places = {name: given.pop(name) for name in ("language", "linked", "first", "total") if name in given}
        payload = data(items(count, models), LABELS, Look(**given), **places)
        visit.evaluate("(data) => show(data)", payload)
        return settled(visit)

    yield open_
    assert complaints == []
