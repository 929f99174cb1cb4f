"""Looking inside a file as a visitor does, in English at a desk and in Chinese on a phone: select a layer, check its
numbers, find another by keys, see what changed and why; X-ray a model, and read what each technique would cost it."""

import re

import pytest
from browser_server import PATIENCE, Server
from playwright.sync_api import Page, expect
from small_study import made

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.report.inside import what_if
from edgeslim.units import format_decibels

pytestmark = pytest.mark.browser
WORDS = {
    "en-US": {
        "bytes": "Bytes",
        "difference": "Difference",
        "split": "split into 3",
        "why": "Low-rank factorization",
        "what_if": "What would each technique cost here?",
        "begin": "X-ray the model",
        "first": "Magnitude pruning",
        "files": "Was the X-ray right about whole files?",
        "idle": "are exactly zero",
    },
    "zh-CN": {
        "bytes": "字节",
        "difference": "差异",
        "split": "拆成 3 层",
        "why": "低秩分解",
        "what_if": "各种技术用在这一层代价如何？",
        "begin": "透视模型",
        "first": "幅值剪枝",
        "files": "透视对整个文件的预测准吗？",
        "idle": "恰好为零",
    },
}


@pytest.mark.parametrize("locale", WORDS)
def test_select_a_layer_and_see_what_became_of_it(seen_server: Server, visit: Page, locale: str) -> None:
    words = WORDS[locale]
    if locale == "zh-CN":
        visit.set_viewport_size({"width": 390, "height": 844})
    study = workbench.sample_study()
    assert study is not None
    trial = next(
        each.number
        for each in study.trials
        if [stage.step for stage in each.stages][:1] == ["low_rank"]
        and each.sha256
        and workbench.has_artifact(each.sha256)
    )
    visit.goto(f"{seen_server.url}/inspect?trial={trial}")
    boxes = visit.locator(".graph .box")
    expect(boxes).to_have_count(56)
    visit.locator(".graph .layer", has_text="stage8.0.0").click()
    expect(visit).to_have_url(re.compile(r"layer=stage8\.0\.0"))
    metric = visit.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{words['bytes']}"))
    expect(metric.get_by_test_id("stMetricValue")).to_have_text("14.7 KB")
    expect(visit.locator(".graph .chosen")).to_have_count(1)
    expect(visit.get_by_test_id("stPlotlyChart")).to_have_count(5)  # once its weights were looked at

    stage = visit.locator(".graph .stage")
    stage.focus()
    for key in ("Home", "ArrowDown"):
        visit.keyboard.press(key)
    expect(visit.locator(".graph .said")).to_contain_text("stage4.0.0.0")
    visit.keyboard.press("Enter")
    expect(visit).to_have_url(re.compile(r"layer=stage4\.0\.0\.0"))
    visit.get_by_role("tab", name=words["difference"]).click()
    expect(visit.get_by_text(words["split"]).first).to_be_visible()
    expect(visit.get_by_text(words["why"]).first).to_be_visible()
    expect(visit.locator("[data-field=colour]")).to_have_value("change")

    visit.locator("[data-do=fold]").click()
    expect(visit.locator(".graph .block").first).to_be_visible()
    visit.locator("[data-field=search]").fill("head16.cl")
    visit.keyboard.press("Enter")
    expect(visit).to_have_url(re.compile(r"layer=head16\.classify"))
    expect(visit.locator(".graph .chosen")).to_contain_text("head16.cl")


def test_x_ray_a_model_and_read_what_each_technique_would_cost_a_layer(server: Server, visit: Page) -> None:
    words, chinese = WORDS["en-US"], WORDS["zh-CN"]
    store = Store(server.home)
    made(store, {"step": "low_bit_weights", "bits": 4})
    visit.goto(f"{server.url}/inspect?study=mine&trial=1")
    visit.locator(".graph .layer").nth(1).click()
    expect(visit).to_have_url(re.compile("layer="))
    visit.get_by_role("button", name=words["what_if"]).click()
    expect(visit).to_have_url(re.compile("section=inside"))
    visit.get_by_role("button", name=words["begin"]).click()
    expect(visit.get_by_text(words["files"])).to_be_visible(timeout=2 * PATIENCE)
    mine = workbench.study_result("mine", store)
    found = workbench.inside(workbench.look_asked(mine, workbench.study_plan("mine", store)), store)
    assert found is not None
    first = what_if(found, found.xray.layers[1].name)[0]
    assert first.measured is not None
    decibels = format_decibels(first.measured)
    table = visit.get_by_test_id("stDataFrame")
    expect(table.locator("tr", has_text=f"{words['first']} 30")).to_contain_text(decibels)
    shell = workbench.layer_sensitivity("digits-cnn", "digits", store=store)
    assert shell == found.sensitivity, "the shell tells what the screen does"
    inside = visit.url
    visit.go_back()
    expect(visit.get_by_text(words["idle"])).to_be_visible()

    visit.emulate_media(color_scheme="dark")
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(f"{inside}&lang=zh")
    expect(visit.get_by_text(chinese["files"])).to_be_visible()
    expect(table.locator("tr", has_text=f"{chinese['first']} 30")).to_contain_text(decibels)
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    visit.goto(f"{inside.replace('section=inside', 'section=layer')}&lang=zh")
    expect(visit.get_by_text(chinese["idle"])).to_be_visible()
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
