"""Models and data: a wrong colour order is seen beside the picture, and mended by trying; classes are matched by hand."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser_server import PATIENCE, Server
from playwright.sync_api import Locator, Page, expect

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.models.catalogue import SAMPLES

pytestmark = pytest.mark.browser
FILE = SAMPLES / "street-signs-small.onnx"


def choose(page: Page, label: str, option: str) -> None:
    """In a select box: opens it, types, and takes what is found."""
    box = page.get_by_role("combobox", name=re.compile(f"(^|[ .]){label}$")).first
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def told(page: Page, words: str) -> Locator:
    return page.get_by_test_id("stMarkdownContainer").filter(has_text=re.compile(words)).last


def test_a_wrong_colour_order_is_seen_and_mended_and_classes_are_matched_by_hand(
    server: Server, visit: Page, with_scenes: Callable[[Path], Store]
) -> None:
    complaints: list[Any] = []
    visit.on("pageerror", lambda error: complaints.append(error))
    store = with_scenes(server.home)
    spec = workbench.model_spec("street-signs-small", store=store)
    visit.goto(f"{server.url}/library?set=street-signs")
    visit.get_by_text("Bring a model file").click()
    visit.locator("input[type=file]").first.set_input_files(str(FILE))
    visit.get_by_role("textbox", name="Name of the model").fill("mine")
    visit.get_by_role("button", name="Import", exact=True).click()
    expect(visit).to_have_url(re.compile("model=mine"))
    expect(visit.locator(".stage canvas").first).to_be_visible()
    right = int(told(visit, r"^Boxes with .*: \d+$").inner_text().split()[-1])

    choose(visit, "Colour order", "BGR")
    expect(visit.locator(".stage canvas")).to_have_count(2)
    expect(told(visit, rf"instead of {right}$")).to_be_visible()
    visit.get_by_role("button", name="Save the specification").click()
    expect(told(visit, r"^Boxes with .*: \d+$")).to_be_visible()
    wrong = int(told(visit, r"^Boxes with .*: \d+$").inner_text().split()[-1])
    assert workbench.model_spec("mine", store=store).color == "BGR" and wrong < right

    visit.emulate_media(color_scheme="dark")
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(f"{server.url}/library?model=mine&set=street-signs&lang=zh")
    expect(visit.locator(".stage canvas").first).to_be_visible()
    visit.get_by_role("button", name="在 street-signs 上尝试其他方式").click()
    expect(told(visit, "颜色顺序 BGR → RGB")).to_be_visible(timeout=2 * PATIENCE)
    visit.get_by_role("button", name="填入表单").first.click()
    expect(visit.locator(".stage canvas")).to_have_count(2)
    visit.get_by_role("button", name="保存规格").click()
    expect(told(visit, rf"：{right} 个$")).to_be_visible()
    assert workbench.model_spec("mine", store=store).color == "RGB"

    labels = ("halt", *spec.labels[1:])
    workbench.copy_model("street-signs-small", "halting", replace(spec, labels=labels), store)
    visit.goto(f"{server.url}/library?model=halting&set=street-signs&lang=zh")
    expect(told(visit, "10 个类别中有 9 个")).to_be_visible()
    choose(visit, "stop", "halt")
    visit.get_by_role("button", name="保存对应关系").click()
    expect(told(visit, "其中 1 个为手动指定")).to_be_visible()
    assert workbench.kept_classes(spec.labels, labels, store) == (("stop", "halt"),)
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert complaints == []
