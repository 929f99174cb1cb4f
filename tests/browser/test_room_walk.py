"""A class in a room: a teacher, three students and a projector, each in a browser of their own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser_server import PATIENCE, chromium, serving
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.app_server import Server
from edgeslim.lessons.predictions import Choice
from edgeslim.rooms.room import places
from edgeslim.ui.i18n import translate
from edgeslim.ui.room.watching import WATCH
from edgeslim.workbench.lessons import found

pytestmark = pytest.mark.browser
HOSTILE = "<b>Bob</b> evil.com"
CHOICE = next(place for place in places() if place.declared and isinstance(place.declared.predicts, Choice))
AT = f"{CHOICE.lesson}.{CHOICE.experiment}"
Somebody = Callable[..., Page]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for rooms of their own."""
    chromium()
    with serving(tmp_path_factory.mktemp("house")) as server:
        yield server


@pytest.fixture
def somebody(browser: Browser) -> Iterator[Somebody]:
    """A page in a browser context of its own: other cookies, other storage. Its console must stay clean."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def enter(address: str, width: int = 390, height: int = 844, locale: str = "en-US") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def options() -> tuple[str, ...]:
    assert CHOICE.declared and isinstance(CHOICE.declared.predicts, Choice)
    return CHOICE.declared.predicts.options


def truth() -> str:
    assert CHOICE.declared
    here = found(CHOICE.lesson, CHOICE.declared)
    assert here
    return str(here.truth)


def words(option: str) -> str:
    return translate("en", f"lesson.{AT}.option.{option}")


def join(page: Page, name: str) -> None:
    page.get_by_role("textbox").first.fill(name)
    press(page, "stFormSubmitButton")
    expect(who(page)).to_contain_text(name)


def who(page: Page) -> object:
    return page.locator(".st-key-room_who")


def press(page: Page, test_id: str) -> None:
    page.get_by_test_id(test_id).get_by_role("button").click()


def act(teacher: Page, key: str) -> None:
    teacher.locator(f".st-key-{key}").get_by_role("button").click()


def predict(page: Page, option: int) -> None:
    choices = page.get_by_test_id("stRadio").get_by_role("radio")
    expect(choices).to_have_count(len(options()))
    choices.nth(option).check(force=True)
    press(page, "stFormSubmitButton")
    expect(page.get_by_test_id("stAlert")).to_contain_text(re.compile("Your prediction: |你的预测："))


def open_room(somebody: Somebody, server: Server) -> tuple[Page, str]:
    teacher = somebody(f"{server.url}/room", 1440, 900)
    act(teacher, "open_room")
    expect(teacher.locator(".st-key-freeze")).to_be_visible()
    return teacher, parse_qs(urlsplit(teacher.url).query)["room"][0]


def test_a_class_predicts_twice_and_sees_what_is_true(tmp_path: Path, somebody: Somebody) -> None:
    true = truth()
    false = next(option for option in options() if option != true)
    right, wrong = options().index(true), options().index(false)
    with serving(tmp_path) as server:
        teacher, code = open_room(somebody, server)
        address = f"{server.url}/room?room={code}"
        projector = somebody(f"{address}&view=projector", 1280, 720)
        anna, bob, ming = (somebody(address, locale=each) for each in ("en-US", "en-US", "zh-CN"))
        for page, name in ((anna, "Anna"), (bob, HOSTILE), (ming, "王小明")):
            join(page, name)
        assert bob.locator(".st-key-room_who :is(b, a)").count() == 0, "a name is text"
        expect(projector.get_by_text("3 joined")).to_be_visible()

        teacher.goto(f"{teacher.url}&at={AT}")
        act(teacher, "bring")
        act(teacher, "to_predict")
        heard = anna.get_by_role("status").first
        expect(heard).to_have_text(re.compile("^Predict: "))
        heard.evaluate("(one) => (one.marked = true)")
        predict(anna, right)
        predict(bob, wrong)
        expect(teacher.get_by_text("2 of 3 have answered, 1 missing")).to_be_visible()
        expect(projector.get_by_text("2 of 3 have answered, 1 missing")).to_be_visible()
        assert projector.locator(".js-plotly-plot").count() == 0, "predictions are hidden"
        anna.get_by_test_id("stRadio").get_by_role("radio").nth(len(options()) - 1).check(force=True)
        act(teacher, "to_discuss")
        for page in (anna, bob, ming):
            expect(page.get_by_test_id("stRadio")).to_have_count(0)
        expect(heard).to_have_text(re.compile("^Discuss: "))
        assert heard.evaluate("(one) => one.marked"), "the region stays, else nothing is read out"
        expect(anna.get_by_text(f"First prediction: {words(true)}")).to_be_visible()
        port = urlsplit(server.url).port or 0

    with serving(tmp_path, port=port) as server:
        anna.reload()
        expect(who(anna)).to_contain_text("Anna")
        expect(anna.get_by_text(f"First prediction: {words(true)}")).to_be_visible()
        teacher.reload()
        act(teacher, "to_revote")
        for page, option in ((anna, right), (bob, right), (ming, wrong)):
            predict(page, option)
        late = somebody(address)
        join(late, "Late")
        expect(late.get_by_test_id("stRadio")).to_be_visible()
        act(teacher, "to_revealed")
        for page in (anna, bob, ming, late, projector, teacher):
            expect(page.locator(".js-plotly-plot")).to_be_visible()
        expect(anna.get_by_role("heading", level=1)).to_have_text("Your prediction was right")
        expect(ming.get_by_role("heading", level=1)).to_have_text("结果与预测不同")
        expect(projector.get_by_text("After the discussion: 2 of 3 right")).to_be_visible()

        with teacher.expect_download() as download:
            act(teacher, "csv")
        rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
        assert [(row[0], row[3], row[4]) for row in rows[1:]] == [
            ("Anna", "1", true),
            (HOSTILE, "1", false),
            ("Anna", "2", true),
            (HOSTILE, "2", true),
            ("王小明", "2", false),
        ]
        teacher.wait_for_timeout(1000 * (WATCH + 0.5))  # everybody's page has looked again
        assert teacher.request.get(download.value.url).ok, "a slow line still gets it"

        remove(teacher, HOSTILE)
        expect(bob.get_by_role("heading", level=1)).to_have_text("You have been taken out of this room")
        bob.reload()
        expect(bob.get_by_role("heading", level=1)).to_have_text("You have been taken out of this room")
        expect(projector.get_by_text("After the discussion: 1 of 2 right")).to_be_visible()

        teacher.get_by_test_id("stPopover").first.get_by_role("button").click()
        act(teacher, "end")
        expect(anna.get_by_role("heading", level=1)).to_have_text("The class is over")
        expect(anna.locator("li strong", has_text=words(true))).to_be_visible()
        with ming.expect_download() as download:
            act(ming, "keep_predictions")
        kept = Path(download.value.path()).read_text("utf-8")
        assert "我的预测与实际结果" in kept and "1 个预测中有 0 个正确。" in kept
        assert "http" not in kept.replace("http://www.w3.org", ""), "it needs nothing from outside"


def remove(teacher: Page, name: str) -> None:
    teacher.get_by_role("button", name="Remove a name").click()
    teacher.get_by_role("combobox", name="Name").click()
    teacher.get_by_role("option", name=name).click()
    press(teacher, "stFormSubmitButton")


def test_no_address_makes_a_student_the_teacher(house: Server, somebody: Somebody) -> None:
    _, code = open_room(somebody, house)
    other, _ = open_room(somebody, house)
    anothers = parse_qs(urlsplit(other.url).query)["teacher"][0]
    anna = somebody(f"{house.url}/room?room={code}")
    join(anna, "Anna")
    own = anna.evaluate("Object.values(localStorage).find((value) => /^[\\w-]{32}$/.test(value))")
    for tried in (
        "teacher=",
        "teacher=1",
        f"teacher={own}",
        f"teacher={anothers}",
        "teacher=x&view=projector",
    ):
        anna.goto(f"{house.url}/room?room={code}&{tried}")
        expect(anna.get_by_test_id("stAlert")).to_contain_text("Only the teacher of this room may do that")
        assert anna.locator(".st-key-freeze, .st-key-csv, .st-key-bring").count() == 0
    for tried in ("view=teacher", "view=board", "Teacher=1", "board=1"):
        anna.goto(f"{house.url}/room?room={code}&{tried}")
        expect(who(anna)).to_contain_text("Anna")
        assert anna.locator(".st-key-freeze, .st-key-csv, .st-key-bring").count() == 0


def test_a_league_is_entered_run_closed_and_revealed(house: Server, somebody: Somebody) -> None:
    teacher, code = open_room(somebody, house)
    act(teacher, "turn_to_league")
    teacher.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(teacher.get_by_role("heading", level=1)).to_contain_text("Nobody has a file within 15.0 KB")

    anna = somebody(f"{house.url}/room?room={code}")
    join(anna, "<i>Anna")
    act(anna, "turn_to_league")
    steps = anna.get_by_role("combobox", name="Steps, in order")
    steps.fill("Weight clus")
    steps.press("Enter")
    steps.press("Escape")
    act(anna, "league_enter")
    for page in (anna, teacher):
        expect(page.get_by_role("heading", level=1)).to_contain_text("Anna leads", timeout=120_000)
    assert anna.evaluate("document.documentElement.scrollWidth") <= 390

    act(teacher, "league_closed")
    expect(anna.locator(".st-key-league_entry")).to_have_count(0)
    reveal = teacher.locator(".st-key-league_revealed").get_by_role("button")
    reveal.click(timeout=120_000)
    expect(anna.get_by_role("heading", level=1)).to_contain_text("on the held-out images")

    projected = somebody(f"{house.url}/room?room={code}&view=league&present=1", 1920, 1080)
    expect(projected.locator("table.league")).to_contain_text("<i>Anna")
    assert projected.locator("table.league i").count() == 0, "a name is text"
    assert projected.get_by_test_id("stSidebar").is_hidden()

    stranger = somebody(f"{house.url}/room?room={code}&teacher=nobody&view=league")
    expect(stranger.get_by_test_id("stAlert")).to_contain_text("Only the teacher")
