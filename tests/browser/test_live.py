"""The original and a compressed file run in the visitor's own browser, and see there what they see here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from browser_server import Server
from PIL import Image as Pictures
from playwright.sync_api import Page, Request, expect

from browser_package import package
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.detections import Detections
from edgeslim.metrics.fidelity import box_iou
from edgeslim.ort import open_session
from edgeslim.tasks import task_for
from edgeslim.ui.live.payload import LiveModel, LivePlan

pytestmark = pytest.mark.browser

PICTURES = 3
LEAST = 0.1
"""Score from which on boxes are compared."""
SAME = (0.99, 0.95)
"""IoU of the same box of the original and of the int8 file, where a value that is rounded the other way moves it."""
ASK = """async ([plan, tensors]) => {
    const full = (path) => path && new URL(path, location.origin).href;
    const worker = new Worker(full(plan.worker), { type: "module" });
    const heard = () => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
            if (data.told === "failed") reject(new Error(data.reason));
            else if (data.told !== "loading") resolve(data);
        };
    });
    const models = plan.models.map((model) => ({ ...model, url: full(model.url) }));
    worker.postMessage({ plan: { ...plan, models, runtime: full(plan.runtime), decoder: full(plan.decoder) } });
    await heard();
    const found = [];
    for (const [id, { values, width, height }] of tensors.entries()) {
        worker.postMessage({ id, tensor: Float32Array.from(values), width, height });
        found.push((await heard()).found.map(({ boxes }) => boxes));
    }
    worker.terminate();
    return found;
}"""


def test_a_detector_runs_in_the_browser(
    fresh_server: Server, visit: Page, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server, store = fresh_server, Store(fresh_server.home)
    visit.goto(server.url)
    expect(visit.get_by_test_id("stSidebarNavLink").first).to_be_visible()
    expect(visit.locator("a[href$='/live']")).to_have_count(0)  # before its runtime is here

    brought = workbench.install_browser_runtime(package(), store)
    request.addfinalizer(lambda: [file.unlink() for file in brought.values()])  # a rerun begins as this did
    asked: list[Request] = []
    visit.context.on("request", lambda request: asked.append(request))
    visit.goto(f"{server.url}/live?study=sample&trial=6")
    told = visit.locator(".live .told")
    expect(told).to_have_count(2)
    for panel in (0, 1):
        expect(told.nth(panel)).to_contain_text(re.compile(r"[1-9]"))
    assert_seen_as_here(visit.evaluate(ASK, [plan(store), tensors()]))

    speed = visit.locator(".live .speed").first
    visit.locator(".live [data-source=camera]").click()
    expect(visit.locator(".live [data-source=camera]")).to_have_attribute("aria-pressed", "true")
    before = speed.text_content() or ""
    expect(speed).not_to_have_text(before)  # frame after frame
    expect(visit.locator(".live .state")).to_have_text("")

    own = tmp_path / "own.png"
    Pictures.fromarray(np.full((120, 200, 3), 128, np.uint8)).save(own)
    visit.locator(".live input[type=file]").set_input_files(own)
    expect(told.first).to_contain_text(re.compile(r"[:：]\s*0 "))  # a grey picture shows no sign

    visit.get_by_text("Send this device's figures to the study").click()
    visit.get_by_role("button", name="Make ready").click()
    measure = visit.locator(".live [data-do=measure]")
    expect(measure).to_be_visible()  # what is to be compared was made in a process of its own
    expect(measure).to_be_enabled()
    measure.click()
    visit.get_by_role("textbox", name="Name of this device").fill("Test bench")
    visit.get_by_role("button", name="Agree and send").click()
    visit.get_by_role("link", name="On the chart").click()
    expect(visit).to_have_url(re.compile(r"x=latency\.on"))
    expect(visit.locator(".js-plotly-plot", has_text="Latency on Test bench (browser)")).to_be_visible()

    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(f"{server.url}/live?study=sample&trial=6&lang=zh")
    expect(visit.locator(".live .told").last).to_contain_text(re.compile(r"检测框：[1-9]"))
    assert visit.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert {urlsplit(each.url).netloc for each in asked if each.url.startswith("http")} == {
        urlsplit(server.url).netloc
    }
    assert {each.method for each in asked} == {"GET"}  # pictures are not sent anywhere


def sample() -> tuple[Any, Any, list[Any]]:
    study = workbench.sample_study()
    assert study is not None
    trials = [study.trial(number) for number in (0, 6)]
    return study, workbench.model_spec(study.model), trials


def plan(store: Store) -> dict[str, Any]:
    """As the page has it; what it named is served by now."""
    study, spec, trials = sample()
    decoder = workbench.decoder_file(trials[0].sha256, study.model, store=store)
    assert decoder is not None
    from edgeslim.ui.live.route import runtime_address, worker_address

    files = [LiveModel("", "", f"/live-files/file/{each.sha256}.onnx", each.sha256, 0) for each in trials]
    return LivePlan(
        series="test",
        spec=spec,
        models=files,
        decoder=f"/live-files/file/{decoder.name}",
        worker=worker_address(),
        runtime=runtime_address(),
        version="",
        gallery=[],
        language="en",
        texts={},
    ).json()


def prepared() -> list[Any]:
    study, spec, _ = sample()
    images = [image for _, image, _ in workbench.gallery_images(study.dataset, None, start=0, count=PICTURES)]
    return [task_for(spec).prepare(image, spec) for image in images]


def tensors() -> list[dict[str, Any]]:
    return [
        {"values": each.tensor.ravel().tolist(), "width": each.width, "height": each.height}
        for each in prepared()
    ]


def assert_seen_as_here(seen: list[list[list[float]]]) -> None:
    _, spec, trials = sample()
    sessions = [open_session(workbench.artifact_path(each.sha256)) for each in trials]
    counted = 0
    for picture, found in zip(prepared(), seen, strict=True):
        for session, flat, least in zip(sessions, found, SAME, strict=True):
            known = task_for(spec).decode(session.run(picture.tensor), picture, spec)
            assert isinstance(known, Detections)
            rows = np.array(flat, np.float32).reshape(-1, 6)
            there = Detections(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64))
            for some, others in ((there, known), (known, there)):
                assert_found(some, others, least)
            counted += int((there.scores >= LEAST).sum())
    assert counted >= 4 * PICTURES


def assert_found(some: Detections, others: Detections, least: float) -> None:
    """Each box that is not at the edge of being seen has its like among the others."""
    sure = some.scores >= LEAST
    overlap = box_iou(some.boxes[sure], others.boxes)
    overlap[some.classes[sure][:, None] != others.classes] = 0
    assert overlap.max(axis=1).min() >= least
    np.testing.assert_allclose(some.scores[sure], others.scores[overlap.argmax(axis=1)], atol=0.02)
