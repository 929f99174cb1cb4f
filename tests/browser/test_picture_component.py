"""What the picture component shows, without Streamlit around it."""

from __future__ import annotations

import numpy as np
import pytest
from picture_bench import LABELS, SCENE, THEMES, Open, counts, data, items, point, press, settled
from playwright.sync_api import Page, expect

from edgeslim.detections import Detections
from edgeslim.ui.picture.payload import Item, Look

pytestmark = pytest.mark.browser

COUNT_DRAWN = """() => {
    window.drawn = 0;
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (...given) { drawn++; draw.apply(this, given); };
}"""


def test_every_view_counts_what_changed(opened: Open) -> None:
    shown = opened()
    assert counts(shown) == ["boxes: 4", "= 1 kept ~ 1 moved » 1 relabelled − 1 lost + 1 gained"]
    shown.get_by_role("button", name="Swipe").click()
    expect(shown.locator("canvas")).to_have_count(1)
    expect(shown.get_by_role("slider", name="Divider")).to_be_visible()
    shown.get_by_role("button", name="Changes only").click()
    expect(shown.locator("canvas")).to_have_count(1)
    expect(shown.get_by_role("slider", name="Divider")).to_have_count(0)
    settled(shown.page)
    assert counts(shown) == ["= 1 kept ~ 1 moved » 1 relabelled − 1 lost + 1 gained"]


def test_ground_truth_judges_the_original_too(opened: Open) -> None:
    shown = opened()
    shown.get_by_label("Ground truth").check()
    settled(shown.page)
    assert counts(shown) == ["✓ 2 right × 2 wrong", "✓ 1 right × 3 wrong"]
    label = shown.locator("canvas").first.get_attribute("aria-label")
    assert label == "scene 0, Original: threshold 0.50: right 2, wrong 2."


def test_pictures_have_their_content_as_words(opened: Open) -> None:
    shown = opened()
    expect(shown.get_by_role("img", name="scene 0, Original: threshold 0.50: boxes: 4.")).to_be_visible()
    name = "scene 0, #1: threshold 0.50: kept 1, moved 1, relabelled 1, lost 1, gained 1."
    expect(shown.get_by_role("img", name=name)).to_be_visible()


def test_hovering_a_box_tells_what_it_was(opened: Open, visit: Page) -> None:
    shown = opened()
    tip = shown.locator(".tip")
    for place, lines in (
        ((230, 120), ["stop 0.70", "» relabelled · IoU 1.00", "Original: yield 0.70"]),
        ((133, 50), ["speed 30 0.75", "~ moved · IoU 0.61", "Original: speed 30 0.80"]),
        (
            (40, 140),
            ["a <b>bold</b> name 0.60", "− lost", "Here: a <b>bold</b> name 0.45, below the threshold"],
        ),
        ((165, 160), ["speed 30 0.55", "+ gained"]),
    ):
        visit.mouse.move(*point(shown, 1, *place))
        assert tip.locator("span").all_inner_texts() == lines
    visit.mouse.move(0, 0)
    expect(tip).to_be_hidden()


def test_a_clicked_box_tells_its_story_and_stays_open(opened: Open, visit: Page) -> None:
    shown = opened(models=3)
    story = shown.get_by_role("region", name="The selected box")
    visit.mouse.click(*point(shown, 1, 40, 140))
    expect(story).to_contain_text("a <b>bold</b> name 0.60 in the original")
    rows = story.locator(".row .says").all_inner_texts()
    assert [row.replace("\n", "") for row in rows[1:]] == [
        "−lost · a <b>bold</b> name 0.45, below the threshold · IoU 1.00",
        "=kept · a <b>bold</b> name 0.60 · IoU 1.00",
    ]
    strips = [one.get_attribute("aria-label") for one in story.get_by_role("img").all()]
    assert strips == [
        "shown 0.05–0.60, not shown 0.61–0.95",
        "kept 0.05–0.45, lost 0.46–0.60, not shown 0.61–0.95",
        "kept 0.05–0.60, not shown 0.61–0.95",
    ]
    press(shown, "ArrowDown")
    expect(story.locator(".row").nth(1)).to_contain_text("kept · a <b>bold</b> name 0.45 · IoU 1.00")
    press(shown, "Escape")
    expect(story).to_be_hidden()
    press(shown, "b", "b")
    expect(story).to_contain_text("yield 0.70")


def test_other_files_close_the_story_and_forget_what_was_seen(opened: Open, visit: Page) -> None:
    shown = opened(count=2, models=4, total=9)
    press(shown, "b")
    expect(shown.get_by_role("region", name="The selected box")).to_be_visible()
    visit.evaluate("(data) => show(data)", data(items(1), LABELS, Look(), total=9, series="other files"))
    shown = settled(visit)
    expect(shown.get_by_role("region", name="The selected box")).to_be_hidden()
    expect(shown.locator("canvas")).to_have_count(2)
    press(shown, "ArrowRight")
    expect(shown.locator(".stage")).to_have_attribute("aria-busy", "true")


def test_a_grid_shows_all_and_a_click_opens_one(opened: Open, visit: Page) -> None:
    shown = opened(count=12, models=3, grid=True)
    expect(shown.locator("canvas")).to_have_count(36)
    expect(shown.locator(".legend li")).to_have_count(5)
    assert (
        "#1: kept 12, moved 12, relabelled 12, lost 12, gained 12" in shown.get_by_role("status").inner_text()
    )
    shown.get_by_role("button", name="scene 7").click()
    expect(shown.locator("canvas")).to_have_count(3)
    expect(shown.locator("h2")).to_have_text("scene 7")


def test_only_pictures_in_sight_are_drawn(opened: Open, visit: Page) -> None:
    shown = opened(count=12, models=3, grid=True)
    visit.evaluate(COUNT_DRAWN)
    drawn = 36
    for turn in range(100):  # until the browser has reported which are in sight
        visit.evaluate("window.drawn = 0")
        press(shown, "ArrowDown" if turn % 2 else "ArrowUp")  # one step, so that each panel is drawn once
        visit.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        drawn = min(drawn, visit.evaluate("drawn"))
        if drawn < 36:
            break
        visit.wait_for_timeout(100)
    assert 6 <= drawn < 36


@pytest.mark.parametrize("view", ["side", "swipe", "changes"])
def test_a_phone_needs_no_horizontal_scroll(opened: Open, visit: Page, view: str) -> None:
    visit.set_viewport_size({"width": 390, "height": 844})
    shown = opened(count=3, models=4, view=view)
    visit.mouse.click(*point(shown, 0, 230, 120))
    assert visit.evaluate("document.documentElement.scrollWidth") == 390
    for grid in (False, True):
        visit.evaluate("(data) => show(data)", data(items(3, 4), LABELS, Look(view=view, grid=grid)))  # type: ignore[arg-type]
        settled(visit)
        assert visit.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("theme", THEMES)
def test_words_follow_language_and_colours_the_theme(opened: Open, visit: Page, theme: str) -> None:
    shown = opened(theme=theme, language="zh")
    assert counts(shown) == ["检测框 4 个", "= 1 保持 ~ 1 偏移 » 1 类别改变 − 1 丢失 + 1 新增"]
    text, background = (
        shown.evaluate(f"(one) => getComputedStyle(one).{name}") for name in ("color", "backgroundColor")
    )
    assert background == "rgba(0, 0, 0, 0)"
    wanted = THEMES[theme][0]
    assert text == f"rgb({', '.join(str(int(wanted[k : k + 2], 16)) for k in (1, 3, 5))})"


def test_a_classifier_shows_probabilities_and_the_true_class(opened: Open, visit: Page) -> None:
    opened()
    digit = Item("digit", np.zeros((8, 8, 3), np.uint8), [np.array([0.2, 0.7, 0.1], np.float32)] * 2, 0)
    visit.evaluate("(data) => show(data)", data([digit], LABELS, Look()))
    shown = settled(visit)
    assert counts(shown)[0] == "speed 30 0.70 stop 0.20 yield 0.10"
    expect(shown.get_by_role("slider")).to_have_count(0)
    shown.get_by_label("Ground truth").check()
    settled(visit)
    assert counts(shown)[0] == "speed 30 0.70 stop 0.20 ✓ true yield 0.10"


def test_nothing_seen_says_what_the_model_knows(opened: Open, visit: Page) -> None:
    opened()
    visit.evaluate("(data) => show(data)", data([Item("x", SCENE, [Detections.empty()] * 2)], LABELS, Look()))
    shown = settled(visit)
    expect(shown.locator(".empty")).to_have_text(
        "No boxes with a score of 0.50 or more. This model knows: stop, speed 30, yield, a <b>bold</b> name."
    )
