"""The component of the pictures that move, alone in a browser: its page without Streamlit around it."""

from __future__ import annotations

from typing import Any

from picture_bench import NAMES, THEMES
from playwright.sync_api import Locator, Page

from edgeslim.lessons.live import Live
from edgeslim.ui.i18n import Language
from edgeslim.ui.lesson.live import component
from edgeslim.ui.lesson.live.component import Room, payload

ORIGIN = "http://live.test"
MORE = "--st-red-color:#c8322b;--st-blue-color:#1c6dbd;--st-orange-color:#b45f06;--st-violet-color:#7a4fc4"
START = """async ([html, css, js]) => {
    window.host = document.body.appendChild(document.createElement("div"));
    const shadow = host.attachShadow({ mode: "open" });
    shadow.innerHTML = `${html}<style>${css}</style>`;
    window.module = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
    window.show = (data) => { module.default({ data, parentElement: shadow }); };
}"""


def bench(page: Page, theme: str = "light") -> None:
    """An empty page with the component's module: `module` and `show(data)` are there."""
    style = ";".join(f"--st-{n}:{c}" for n, c in zip(NAMES, THEMES[theme], strict=True))
    body = f"<html lang='en' style='{style};{MORE};--st-font:sans-serif;--st-button-radius:8px;--st-base-radius:8px'>"
    body += "<title>bench</title><body style='background:var(--st-background-color)'>"
    page.route(f"{ORIGIN}/**", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{ORIGIN}/")
    html = (component.PAGE / "live.html").read_text(encoding="utf-8")
    page.evaluate(START, [html, component.style(), component.script()])


def shown(page: Page, view: Live, language: Language = "en", budget: Room | None = None) -> Locator:
    """The component with a view, after its next drawing."""
    page.evaluate("(data) => show(data)", payload(view, language, budget=budget))
    return settled(page)


def settled(page: Page) -> Locator:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator(".live")


def told(live: Locator) -> dict[str, str]:
    """The figures in large type, by name."""
    pairs: list[Any] = live.locator("dl > div").evaluate_all(
        "(all) => all.map((one) => [one.querySelector('dt').textContent, one.querySelector('b').textContent])"
    )
    return dict(pairs)


def slide(live: Locator, name: str, value: float) -> None:
    live.get_by_role("slider", name=name).evaluate(
        "(one, value) => { one.value = value; one.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )
    settled(live.page)
