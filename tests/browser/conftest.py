"""A real server and a real browser: Chromium, headless, with a profile of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_server import PATIENCE, Server, chromium, serving
from playwright.sync_api import Page, expect, sync_playwright

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
