"""A real server and a real browser: Chromium, headless."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_server import PATIENCE, PROBES, Server, chromium, serving
from picture_bench import LABELS, Open, bench, data, items, settled
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from browser_package import package
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.ui.picture.payload import Look

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A busy machine may hold up what a browser waits for: such a test runs once more, and the summary says so."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    chromium()
    with serving(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def fresh_server(
    tmp_path_factory: pytest.TempPathFactory, with_scenes: Callable[[Path], Store]
) -> Iterator[Server]:
    """With the scenes, and before anybody came."""
    folder = tmp_path_factory.mktemp("fresh")
    with_scenes(folder / "home")
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="session")
def seen_server(
    tmp_path_factory: pytest.TempPathFactory, with_scenes: Callable[[Path], Store]
) -> Iterator[Server]:
    """One for all tests that only look: with the predictions of the sample study's original and its recommended file."""
    folder = tmp_path_factory.mktemp("seen")
    store = with_scenes(folder / "home")
    with serving(folder) as server:
        study = workbench.sample_study()
        assert study is not None
        for number in (0, 6):  # what the sections of Compare are about, else they would still be running it
            trial = study.trial(number)
            assert trial is not None and trial.sha256 is not None
            workbench.predictions(
                trial.sha256,
                workbench.Images(study.dataset, held_out=None),
                study.model,
                store=store,
            )
        yield server


@pytest.fixture
def bring_runtime(seen_server: Server) -> Iterator[Callable[[], None]]:
    """Brings what the page Live needs, until the test ends: others see the server without it."""
    brought: list[Path] = []

    def bring() -> None:
        brought.extend(workbench.install_browser_runtime(package(), Store(seen_server.home)).values())

    yield bring
    for file in brought:
        file.unlink()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a module: to start it takes two thirds of what a test on an empty page does."""
    executable = chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a visitor who was never here, whose console must stay without errors. Its language is the test's
    `locale`, else English; in Chinese it is dark, so that a story told in both languages is told in both themes.
    """
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    locale = parameters.get("locale", "en-US")
    complaints: list[str] = []

    def complain(text: str) -> None:
        if not text.startswith(PROBES):
            complaints.append(text)

    context = browser.new_context(
        locale=locale,
        color_scheme="dark" if locale == "zh-CN" else "light",
        viewport={"width": 1440, "height": 900},
    )
    context.set_default_timeout(PATIENCE)
    context.on("console", lambda said: complain(said.text) if said.type == "error" else None)
    context.on("weberror", lambda error: complain(str(error.error)))
    yield context.new_page()
    context.close()
    assert complaints == []


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
