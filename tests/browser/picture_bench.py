"""The picture component alone in a browser: its page without Streamlit around it, on made-up pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, Route

from edgeslim.detections import Annotations, Detections
from edgeslim.ui.i18n import Language
from edgeslim.ui.picture import component
from edgeslim.ui.picture.payload import Item, Look, ModelTitle, Payload, picture_data
from edgeslim.ui.picture.route import PICTURES, address

Open = Callable[..., Locator]
ORIGIN = "http://pictures.test"
THEMES = {
    "light": ("#0a1210", "#ffffff", "#f1f5f3", "#d3dcd8", "#086a5c"),
    "dark": ("#e6eeeb", "#0f1514", "#1a2321", "#33413d", "#1fa58d"),
}
NAMES = ("text-color", "background-color", "secondary-background-color", "border-color", "primary-color")
START = """async ([html, css, js]) => {
    window.host = document.body.appendChild(document.createElement("div"));
    const shadow = host.attachShadow({ mode: "open" });
    shadow.innerHTML = `${html}<style>${css}</style>`;
    window.module = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
    window.reports = [];
    window.show = (data) => {
        window.stop = module.default({
            data, parentElement: shadow, setTriggerValue: (name, value) => reports.push([name, value]),
        });
    };
}"""


def bench(page: Page, theme: str = "light") -> None:
    """An empty page with the component's module loaded: `module`, `show(data)` and `reports` are there."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        content = PICTURES.get(name)
        if content is None:
            style = ";".join(f"--st-{n}:{c}" for n, c in zip(NAMES, THEMES[theme], strict=True))
            body = f"<html style='{style};--st-font:sans-serif;--st-button-radius:8px;--st-base-radius:8px'>"
            route.fulfill(
                body=f"{body}<body style='background:var(--st-background-color)'>", content_type="text/html"
            )
        else:
            route.fulfill(body=content)

    page.route(f"{ORIGIN}/**", answer)
    page.goto(f"{ORIGIN}/")
    page.evaluate(
        START,
        [(component.PAGE / "picture.html").read_text(), component.style(), component.script()],
    )


def data(
    items: Sequence[Item],
    labels: Sequence[str],
    look: Look,
    *,
    language: Language = "en",
    linked: bool = False,
    first: int = 0,
    total: int | None = None,
    series: str = "bench",
) -> dict[str, Any]:
    models = [
        ModelTitle("Original", "1.18 MB"),
        *(ModelTitle(f"#{k}", "300 KB") for k in range(1, len(items[0].predictions))),
    ]
    return Payload(
        pictures=[picture_data(item, address) for item in items],
        first=first,
        total=len(items) if total is None else total,
        series=series,
        models=models,
        labels=labels,
        look=look,
        plain=Look(),
        linked=linked,
        language=language,
        texts=component.texts(language),
    ).json()


def settled(page: Page) -> Locator:
    """The component after its next painting."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator(".pictures")


LABELS = ("stop", "speed_30", "yield", "a <b>bold</b> name")
SCENE = np.random.default_rng(0).integers(60, 200, (192, 288, 3)).astype(np.uint8)
PLACES = [[10, 10, 60, 60], [100, 20, 150, 70], [200, 90, 260, 150], [20, 120, 60, 160]]


def boxes(places: list[list[float]], classes: list[int], scores: list[float]) -> Detections:
    return Detections(np.array(places, np.float32), np.array(scores, np.float32), np.array(classes))


ORIGINAL = boxes(PLACES, [0, 1, 2, 3], [0.9, 0.8, 0.7, 0.6])
TRUTH = Annotations.of(np.array(PLACES[:3], np.float32), np.array([0, 0, 2]))
COMPRESSED = boxes(  # kept, moved, relabelled, gone below 0.5, new
    [PLACES[0], [108, 25, 158, 75], PLACES[2], PLACES[3], [150, 140, 180, 180]],
    [0, 1, 0, 3, 1],
    [0.9, 0.75, 0.7, 0.45, 0.55],
)


def items(count: int, models: int = 2) -> list[Item]:
    predictions = [ORIGINAL, COMPRESSED, ORIGINAL, ORIGINAL][:models]
    return [Item(f"scene {k}", SCENE + np.uint8(k), predictions, TRUTH) for k in range(count)]


def counts(shown: Locator) -> list[str]:
    return [re.sub(r"\s+", " ", one) for one in shown.locator(".counts").all_inner_texts()]


def press(shown: Locator, *keys: str) -> None:
    shown.locator(".stage").focus()
    for key in keys:
        shown.page.keyboard.press(key)
    settled(shown.page)


def point(shown: Locator, canvas: int, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the picture is on the page."""
    around = shown.locator("canvas").nth(canvas).bounding_box()
    assert around is not None
    return around["x"] + x * around["width"] / 288, around["y"] + y * around["height"] / 192
