"""Each screen in both languages and themes, on a desktop, a projector and a phone: what axe-core finds, and what is wider
than the window."""

from importlib.resources import files
from typing import Any, Literal

import pytest
from browser_server import Server
from playwright.sync_api import Page

from edgeslim.artifacts.store import Store
from edgeslim.rooms.room import places
from edgeslim.workbench import rooms

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SIZES = {"desktop": (1440, 900), "projector": (1280, 720), "phone": (390, 844)}
LOOKS: dict[str, dict[str, Literal["light", "dark"] | None]] = {
    "en": {"desktop": "light", "projector": None, "phone": None},
    "zh": {"phone": "dark", "projector": None, "desktop": None},
}
"""What is wrong with a theme is wrong in both languages, and the same with a screen: each is looked at once, its width in
both languages."""
SCREENS = {
    "overview": "",
    "study": "study?trial=6",
    "compare": "compare",
    "compare_damage": "compare?trials=6&section=damage",
    "compare_errors": "compare?trials=6&section=errors",
    "compare_confidence": "compare?trials=6&section=confidence",
    "compare_classes": "compare?trials=6&section=classes",
    "inspect": "inspect?trial=6&layer=stage8.0.0&section=difference",
    "deploy": "deploy?trial=6",
    "new": "new",
    "new_own_model": "new?model_from=file",
    "new_search": "new?way=search",
    "library": "library?model=digits-mlp&set=digits",
    "library_data": "library?kind=data&data=digits",
    "live": "live?study=sample&trial=6",
    "train": "train",
    "learn": "learn",
    "lesson": "lesson?lesson=pruning",
    "room": "room",
    "room_join": "room?room={code}",
    "room_board": "room?room={code}&teacher={teacher}",
    "room_projector": "room?room={code}&view=projector",
}
GRAVE = ("serious", "critical")
QUIET = 400
"""Milliseconds without a change on the page, after which it has come to rest."""
SETTLE = """(quiet) => new Promise((resolve) => {
    const waits = "[data-testid=stStatusWidget], [data-testid=stSkeleton]";
    const rest = () => {
        if (document.querySelector(waits)) { timer = setTimeout(rest, quiet); return; }
        watch.disconnect(); resolve();
    };
    let timer = setTimeout(rest, quiet);
    const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(rest, quiet); });
    watch.observe(document.body, { subtree: true, childList: true, attributes: true });
})"""
TALL = "document.querySelector('[data-testid=stMain]').scrollHeight + 20"
OTHERS = ("list", "listitem")
"""Rules that Streamlit's own navigation breaks: its groups lie between the list and its items."""
FINDINGS = """async ([grave, others]) => {
    const rules = Object.fromEntries(others.map((rule) => [rule, { enabled: false }]));
    const found = await axe.run(document, { resultTypes: ["violations"], rules });
    return found.violations.filter((one) => grave.includes(one.impact) || one.id === "heading-order").map((one) => ({
        rule: one.id, help: one.help,
        nodes: one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join(" ")}`),
    }));
}"""


@pytest.fixture(scope="module")
def opened(seen_server: Server) -> rooms.Opened:
    """A room in which an answer is revealed."""
    store, place = Store(seen_server.home), next(places())
    room = rooms.open_room(store)
    rooms.join(room.code, "Anna", store)
    rooms.step(room.code, room.teacher, place, "revealed", store)
    return room


@pytest.mark.parametrize("screen", SCREENS)
def test_screen_has_no_grave_finding_and_fits_its_window(
    seen_server: Server, opened: rooms.Opened, visit: Page, screen: str, request: pytest.FixtureRequest
) -> None:
    if screen == "live":
        request.getfixturevalue("bring_runtime")()
    wrong: list[str] = []
    path = SCREENS[screen].format(code=opened.code, teacher=opened.teacher)
    for language, looks in LOOKS.items():
        visit.goto(f"{seen_server.url}/{path}{'&' if '?' in path else '?'}lang={language}")
        visit.locator("h1, .pictures").first.wait_for()
        visit.evaluate(SETTLE, QUIET)
        visit.evaluate(AXE)
        for size, theme in looks.items():
            where, (width, height) = f"{language} {size} {theme}", SIZES[size]
            if theme is not None:
                visit.emulate_media(color_scheme=theme)
            visit.set_viewport_size({"width": width, "height": height})
            visit.evaluate(SETTLE, QUIET)
            wide = visit.evaluate("document.documentElement.scrollWidth - innerWidth")
            wrong += [f"{where}: {wide} px wider than the window"] * (wide > 0)
            if theme is None:
                continue
            visit.set_viewport_size({"width": width, "height": visit.evaluate(TALL)})  # axe sees what shows
            visit.evaluate(SETTLE, QUIET)
            wrong += [f"{where}: {told(one)}" for one in visit.evaluate(FINDINGS, [GRAVE, OTHERS])]
    assert wrong == [], "\n".join(wrong)


def told(finding: dict[str, Any]) -> str:
    return "\n    ".join([f"{finding['rule']}: {finding['help']}", *finding["nodes"]])
