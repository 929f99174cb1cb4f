"""The picture component under hands and keys, without Streamlit around it."""

from __future__ import annotations

import re

import pytest
from picture_bench import LABELS, ORIGIN, Open, counts, data, items, point, press, settled
from playwright.sync_api import Page, expect

from edgeslim.ui.picture.payload import Look

pytestmark = pytest.mark.browser


def test_the_threshold_moves_without_the_server(opened: Open, visit: Page) -> None:
    shown = opened(linked=True)
    press(shown, "ArrowDown")  # 0.45: the lost box is back
    assert counts(shown)[1] == "= 2 kept ~ 1 moved » 1 relabelled + 1 gained"
    shown.get_by_role("slider", name="Threshold").fill("0.85")
    settled(visit)
    assert counts(shown) == ["boxes: 1", "= 1 kept"]
    visit.wait_for_timeout(400)
    assert visit.evaluate("reports") == []
    assert visit.url == f"{ORIGIN}/?confidence=0.85", "the address follows all the same"
    assert "threshold 0.85: Original: boxes: 1; #1: kept 1" in shown.get_by_role("status").inner_text()


def test_keys_walk_through_pictures_and_zoom(opened: Open) -> None:
    shown = opened(count=3)
    title = shown.locator("h2")
    press(shown, "ArrowRight", "ArrowRight", "ArrowRight")
    expect(title).to_have_text("scene 2")
    press(shown, "ArrowLeft")
    expect(title).to_have_text("scene 1")
    expect(shown.get_by_role("spinbutton")).to_have_value("2")
    press(shown, "+", "+")
    expect(shown.locator(".stage")).to_have_class(re.compile("zoomed"))
    press(shown, "Escape")
    expect(shown.locator(".stage")).not_to_have_class(re.compile("zoomed"))


def test_zooming_keeps_the_point_under_the_pointer_and_a_plain_wheel_scrolls(
    opened: Open, visit: Page
) -> None:
    shown = opened()
    place = point(shown, 1, 230, 120)
    visit.mouse.move(*place)
    visit.mouse.wheel(0, -400)
    expect(shown.locator(".stage")).not_to_have_class(re.compile("zoomed"))
    visit.keyboard.down("Control")
    visit.mouse.wheel(0, -400)
    visit.keyboard.up("Control")
    expect(shown.locator(".stage")).to_have_class(re.compile("zoomed"))
    settled(visit)
    visit.mouse.move(place[0] + 1, place[1])
    expect(shown.locator(".tip")).to_contain_text("Original: yield 0.70")
    visit.mouse.down()
    visit.mouse.move(place[0] + 301, place[1] + 120, steps=5)
    visit.mouse.up()
    visit.mouse.move(place[0] + 302, place[1] + 120)
    settled(visit)
    visit.mouse.move(place[0] + 303, place[1] + 120)
    expect(shown.locator(".tip")).to_contain_text("Original: yield 0.70")


def test_the_divider_follows_pointer_and_keys_and_is_wide_enough_for_a_finger(
    opened: Open, visit: Page
) -> None:
    shown = opened(view="swipe")
    handle = shown.get_by_role("slider", name="Divider")
    around, frame = handle.bounding_box(), shown.locator(".frame").bounding_box()
    assert around is not None and frame is not None
    assert around["width"] == 44
    visit.mouse.move(around["x"] + 22, around["y"] + 50)
    visit.mouse.down()
    visit.mouse.move(frame["x"] + frame["width"] / 4, around["y"] + 60, steps=4)
    visit.mouse.up()
    expect(handle).to_have_attribute("aria-valuenow", "25")
    visit.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "27")
    visit.keyboard.press("End")
    expect(handle).to_have_attribute("aria-valuenow", "100")
    visit.mouse.move(*point(shown, 0, 230, 120))
    expect(shown.locator(".tip")).to_have_text("yield 0.70")  # all of it is the original's
    visit.mouse.move(*point(shown, 0, 230, 20))
    handle.press("Home")
    visit.mouse.move(*point(shown, 0, 230, 120))
    expect(shown.locator(".tip")).to_contain_text("relabelled")


def test_a_series_asks_the_server_only_for_pictures_it_was_not_given(opened: Open, visit: Page) -> None:
    shown = opened(count=2, linked=True, total=30, first=4, picture=4, view="swipe", confidence=0.5)
    press(shown, "ArrowUp", "ArrowRight")
    expect(shown.locator("h2")).to_have_text("scene 1")
    press(shown, "ArrowRight")
    expect(shown.locator(".stage")).to_have_attribute("aria-busy", "true")
    visit.wait_for_function("reports.at(-1)?.[1].image === '6'")
    asked = {"image": "6", "confidence": "0.55", "view": "swipe", "truth": None, "grid": None}
    assert visit.evaluate("reports.at(-1)") == ["moved", asked]
    assert sorted(visit.url.partition("?")[2].split("&")) == ["confidence=0.55", "image=6", "view=swipe"]
    press(shown, "ArrowDown")  # meanwhile
    answer = data(items(2), LABELS, Look(6, 0.55, "swipe"), linked=True, first=6, total=30)
    visit.evaluate("(data) => show(data)", answer)
    shown = settled(visit)
    expect(shown.locator("h2")).to_have_text("scene 0")
    expect(shown.locator(".stage")).to_have_attribute("aria-busy", "false")
    expect(shown.locator(".value")).to_have_text("0.50")  # what the visitor did meanwhile stays
    press(shown, "ArrowLeft")
    expect(shown.locator("h2")).to_have_text("scene 1")  # seen before, and kept


def test_a_new_address_overrules_the_visitor(opened: Open, visit: Page) -> None:
    shown = opened(linked=True)
    press(shown, "ArrowUp")
    again = data(items(1), LABELS, Look(), linked=True)
    visit.evaluate("(data) => show(data)", again)
    expect(settled(visit).locator(".value")).to_have_text("0.55")  # nothing new
    visit.evaluate("(data) => show(data)", data(items(1), LABELS, Look(0, 0.2, "changes"), linked=True))
    expect(settled(visit).locator(".value")).to_have_text("0.20")


def test_fingers_tap_and_pinch(opened: Open, visit: Page) -> None:
    shown = opened()
    canvas = shown.locator("canvas").nth(1)
    assert canvas.evaluate("(one) => getComputedStyle(one).touchAction") == "pan-y"
    x, y = point(shown, 1, 230, 120)
    touch = """([kind, id, x, y]) => module && host.shadowRoot.querySelectorAll("canvas")[1].dispatchEvent(
        new PointerEvent(kind, { pointerId: id, clientX: x, clientY: y, pointerType: "touch", bubbles: true }))"""
    visit.evaluate("Element.prototype.setPointerCapture = () => {}")
    for kind in ("pointerdown", "pointerup"):
        visit.evaluate(touch, [kind, 1, x, y])
    settled(visit)
    expect(shown.get_by_role("region", name="The selected box")).to_contain_text("yield 0.70")
    for kind, finger, by in (
        ("pointerdown", 1, -20),
        ("pointerdown", 2, 20),
        ("pointermove", 1, -60),
        ("pointermove", 2, 60),
    ):
        visit.evaluate(touch, [kind, finger, x + by, y])
    settled(visit)
    expect(shown.locator(".stage")).to_have_class(re.compile("zoomed"))
    assert canvas.evaluate("(one) => getComputedStyle(one).touchAction") == "none"


def test_what_ends_leaves_nothing_behind(opened: Open, visit: Page) -> None:
    shown = opened(count=3, linked=True)
    visit.evaluate("() => { stop(); host.remove(); }")
    visit.keyboard.press("ArrowRight")
    visit.wait_for_timeout(300)
    assert visit.evaluate("reports") == []
    expect(shown).to_have_count(0)
