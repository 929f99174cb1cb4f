"""Files broken on purpose: the doctor names the cause, its mend is tried and works."""

import re
from collections.abc import Callable, Iterator

import pytest
from broken_studies import BrokenStudies
from browser_server import PATIENCE, Server, chromium, serving
from playwright.sync_api import Page, ViewportSize, expect

from edgeslim.artifacts.store import Store
from edgeslim.texts import Language, translate

pytestmark = pytest.mark.browser
DESKTOP, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
LANGUAGE: dict[str, Language] = {"en-US": "en", "zh-CN": "zh"}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, BrokenStudies]]:
    chromium()
    folder = tmp_path_factory.mktemp("broken")
    with serving(folder) as server:
        yield server, BrokenStudies(Store(server.home), folder)


def named_first(visit: Page, server: Server, study: str, language: Language, cause: str) -> None:
    """Have the study's broken file examined: this cause heads the list."""
    visit.goto(f"{server.url}/study?study={study}&trial=1&section=doctor")
    visit.get_by_role("button", name=translate(language, "doctor.begin")).click()
    name = translate(language, f"doctor.cause.{cause}")
    expect(visit.get_by_text(f"1. {name}")).to_be_visible(timeout=2 * PATIENCE)


@pytest.mark.parametrize(
    ("broken", "cause", "locale", "size", "right"),
    [
        (BrokenStudies.shared_scale, "shared_scale", "en-US", DESKTOP, "The doctor was right: trial 2 gains"),
        (BrokenStudies.saturating, "saturation", "zh-CN", PHONE, "诊断正确：试验 2 中任何两个乘积之和"),
    ],
    ids=["scale", "saturation"],
)
def test_the_cause_is_named_and_its_mend_works(
    hospital: tuple[Server, BrokenStudies],
    visit: Page,
    broken: Callable[[BrokenStudies], str],
    cause: str,
    locale: str,
    size: ViewportSize,
    right: str,
) -> None:
    (server, studies), language = hospital, LANGUAGE[locale]
    visit.set_viewport_size(size)
    study = broken(studies)
    named_first(visit, server, study, language, cause)
    visit.get_by_role("button", name=translate(language, "doctor.try")).first.click()
    visit.get_by_role("button", name=translate(language, "doctor.open")).click()
    expect(visit).to_have_url(re.compile(r"trial=2"))
    badge = visit.locator("span.stMarkdownBadge").first
    expect(badge).to_have_text(translate(language, "state.complete"), timeout=5 * PATIENCE)
    visit.goto(f"{server.url}/study?study={study}&trial=1&section=doctor")
    expect(visit.get_by_text(right)).to_be_visible()
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_moved_threshold_is_named_and_the_link_to_another_one_finds_the_objects_again(
    hospital: tuple[Server, BrokenStudies], visit: Page
) -> None:
    server, studies = hospital
    visit.emulate_media(color_scheme="dark")
    named_first(visit, server, studies.moved_threshold(), "en", "threshold")
    visit.get_by_role("link", name=re.compile("Set the threshold")).click()
    expect(visit).to_have_url(re.compile(r"confidence=0\.1\d"))
    told = visit.get_by_text(re.compile(r"At the fixed threshold 0\.1\d it loses \d+ objects, of \d+"))
    expect(told).to_be_visible(timeout=2 * PATIENCE)
    lost, objects = map(int, re.findall(r"loses (\d+) objects, of (\d+)", told.inner_text())[0])
    assert lost < 0.2 * objects, "at 0.5 it loses more than half of them"
