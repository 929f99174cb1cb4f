"""A lesson alone, in both languages: predict, lock, run, see the truth, move a control, answer, keep the sheet."""

import re
from pathlib import Path

import pytest
from browser_server import Server
from playwright.sync_api import Locator, Page, expect
from test_accessibility import AXE, FINDINGS, GRAVE, OTHERS, SETTLE

from edgeslim.lessons.pruning import Shares
from edgeslim.report.lesson_words import LessonWords
from edgeslim.texts import nearest_language, translate
from edgeslim.workbench import lessons

pytestmark = pytest.mark.browser


def experiment(page: Page, title: str) -> Locator:
    """The innermost container that has the experiment's title."""
    return (
        page.locator("[data-testid=stVerticalBlock]")
        .filter(has=page.get_by_role("heading", name=title, exact=True))
        .last
    )


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_lesson_from_prediction_to_questions(
    seen_server: Server, visit: Page, locale: str, tmp_path: Path
) -> None:
    language = nearest_language(locale)
    words = LessonWords(language, "pruning")

    def t(key: str, **values: object) -> str:
        return translate(language, key, **values)

    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(f"{seen_server.url}/learn")
    visit.get_by_role("link", name=words.say("title")).click()
    expect(visit.locator("h1")).to_have_text(words.say("title"))
    expect(visit).to_have_url(re.compile("lesson=pruning"))

    here = experiment(visit, words.say("shares.title"))
    lock = here.get_by_role("button", name=t("learn.lock"))
    expect(lock).to_be_disabled()
    point = here.get_by_role("slider").first
    point.focus()
    for _ in range(3):
        point.press("PageUp")
    expect(lock).to_be_enabled()
    drawn = float(point.get_attribute("aria-valuenow") or 0)
    result = words.result("shares", _outcome(Shares()))
    expect(visit.get_by_text(result)).to_have_count(0)

    lock.click()
    expect(here.get_by_text(t("learn.locked_curve"))).to_be_visible()
    alone = here.locator("svg[aria-label]").filter(has=visit.locator("polyline")).first
    assert t("learn.word.truth") not in (alone.get_attribute("aria-label") or "")
    here.get_by_role("button", name=t("learn.run")).click()
    expect(visit.get_by_text(result)).to_be_visible()
    beside = here.locator(f'svg[aria-label*="{t("learn.word.truth")}"]').first
    assert f"{drawn:g} %" in (beside.get_attribute("aria-label") or "")

    visit.evaluate(SETTLE, 400)  # a key that is pressed while the page is drawn anew is lost
    handle = here.locator("[data-testid=stSlider] input, [data-testid=stSlider] [role=slider]").first
    handle.focus()
    handle.press("ArrowRight")
    moved = Shares.along("share")
    after = moved[moved.index(Shares()) + 1]
    expect(visit.get_by_text(words.result("shares", _outcome(after)))).to_be_visible()
    expect(visit).to_have_url(re.compile(f"shares.share={after.share:g}"))

    visit.get_by_text(words.say("q1.a"), exact=True).click()
    expect(visit.get_by_text(words.say("q1.a_why"))).to_be_visible()
    visit.get_by_text(words.say("q1.b"), exact=True).click()
    expect(visit.get_by_text(words.say("q1.b_why"))).to_be_visible()

    visit.evaluate(SETTLE, 400)
    visit.evaluate(AXE)
    assert visit.evaluate(FINDINGS, [GRAVE, OTHERS]) == []
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    after = LessonWords(language, "quantization").say("title")
    visit.get_by_role("button", name=after).click()
    expect(visit.locator("h1")).to_have_text(after)
    expect(visit).to_have_url(re.compile("lesson=quantization"))
    visit.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")

    visit.get_by_role("link", name=t("learn.course"), exact=True).last.click()
    expect(visit.get_by_text(t("learn.progress", minutes=9, done=1, total=4))).to_be_visible()
    with visit.expect_download() as kept:
        visit.get_by_role("button", name=t("learn.sheet_download")).click()
    sheet = tmp_path / "sheet.html"
    kept.value.save_as(sheet)
    assert f"{drawn:g} %" in sheet.read_text(encoding="utf-8")

    visit.reload()  # a phone that was put away: another session, the same reader
    expect(visit.get_by_text(t("learn.progress", minutes=9, done=1, total=4))).to_be_visible()
    visit.get_by_role("button", name=t("learn.forget")).click()
    expect(visit.get_by_text(t("learn.sheet_empty"))).to_be_visible()
    visit.reload()
    expect(visit.get_by_text(t("learn.sheet_empty"))).to_be_visible()
    visit.evaluate(SETTLE, 400)
    expect(visit.get_by_text(t("learn.sheet_empty"))).to_be_visible()


def test_a_finger_draws_a_curve_in_one_stroke_and_the_page_stays(seen_server: Server, visit: Page) -> None:
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(f"{seen_server.url}/lesson?lesson=pruning")
    sheet = visit.locator(".curve svg")
    sheet.scroll_into_view_if_needed()
    visit.evaluate(SETTLE, 400)
    box, main = sheet.bounding_box(), visit.locator("[data-testid=stMain]")
    assert box is not None
    before = main.evaluate("(one) => one.scrollTop")
    finger = visit.context.new_cdp_session(visit)
    way = [{"x": box["x"] + 80 + 28 * k, "y": box["y"] + 60 + 20 * k} for k in range(9)]
    for kind, points in (("touchStart", way[:1]), *(("touchMove", [at]) for at in way[1:]), ("touchEnd", [])):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        visit.wait_for_timeout(30)
    heights = [float(one.get_attribute("aria-valuenow") or 0) for one in sheet.locator("circle").all()]
    assert heights[0] > 50 > 20 > heights[-1] and heights == sorted(heights, reverse=True)
    assert main.evaluate("(one) => one.scrollTop") == before


def test_a_hand_out_opens_from_the_disk_without_a_network_and_prints(visit: Page, tmp_path: Path) -> None:
    file = tmp_path / "lesson.html"
    file.write_text(lessons.handout("pruning", "zh"), encoding="utf-8")
    asked: list[str] = []
    visit.context.set_offline(True)
    visit.on("request", lambda request: asked.append(request.url))
    visit.goto(file.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    broken = visit.evaluate("[...document.images].filter((one) => !one.complete || !one.naturalWidth).length")
    assert broken == 0 and visit.locator("svg:visible").count() >= 4
    printed = visit.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert printed.startswith(b"%PDF") and 3 <= pages <= 7


def _outcome(setting: Shares):
    found = lessons.lesson_outcome("pruning", setting)
    assert found is not None, "it ships"
    return found
