"""A public demo as somebody elsewhere reaches it: by address and over the websocket, past all buttons."""

import asyncio
import hashlib
import urllib.request
from collections.abc import Iterator

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.app_server import Server, serving
from benchmarks.websocket_visitor import Look, visitor
from edgeslim import visitors, workbench
from edgeslim.artifacts.store import Store
from edgeslim.ui.visitor import COOKIE

ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo that has a model which one visitor brought before it was one."""
    anna = hashlib.sha256(b"anna").hexdigest()[:32]
    visitors.ask(lambda: anna)
    folder = tmp_path_factory.mktemp("demo")
    store = Store(folder / "home")
    spec = workbench.model_spec("digits-mlp", store=store)
    try:
        workbench.copy_model("digits-mlp", "annas-model", spec, store)
    finally:
        visitors.ask(lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(visitors.DEMO_VARIABLE, "1")
        with serving(folder) as running:
            patch.undo()
            yield running


def seen(server: Server, who: str | None, page: str, *, press: str = "", **address: str) -> Look:
    """What a browser with that token is shown; `press` is a button's key, which need not be there."""

    async def go() -> Look:
        headers = ELSEWHERE if who is None else {**ELSEWHERE, "Cookie": f"{COOKIE}={who}"}
        async with visitor(server.url, headers=headers) as one:
            look = await one.look(page, **address)
            if press:
                pressed = WidgetState(id=press, trigger_value=True)
                look = await one.look(page, [pressed], **address)
            return look

    return asyncio.run(go())


def test_a_visitor_of_a_demo_can_neither_bring_nor_delete_nor_see_anothers_uploads(demo: Server) -> None:
    def told(look: Look) -> str:
        assert look.exceptions == []
        return "".join(str(each) for each in look.elements)

    for page, address in (("library", {"kind": "data"}), ("new", {"model_from": "file"})):
        look = seen(demo, "ben", page, **address)
        assert not look.find("file_uploader") and "public demo" in told(look)
    for who in ("ben", None):
        assert "not here" in told(seen(demo, who, "new", model="annas-model"))

    own = seen(demo, "anna", "library", model="annas-model", set="digits")
    assert any("annas-model" in each.selectbox.options for each in own.find("selectbox"))
    keys = [each.button.id for each in own.find("button")]
    assert not any("delete" in key or "rename" in key for key in keys)
    seen(demo, "anna", "library", press="library_delete_annas-model", model="annas-model")
    assert [each.name for each in workbench.list_models(Store(demo.home)) if each.origin == "imported"] == [
        "annas-model"
    ]


def test_a_page_gives_a_browser_without_a_token_one(demo: Server) -> None:
    def answered(**headers: str) -> list[str]:
        request = urllib.request.Request(demo.url, headers={"Accept": "text/html", **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            given = answer.headers.get_all("Set-Cookie") or []
            assert not given or answer.headers["Cache-Control"] == "no-store"
            return given

    (given,) = answered()
    assert given.startswith(f"{COOKIE}=") and "HttpOnly" in given and "SameSite=Lax" in given
    assert "Secure" not in given
    assert answered() != [given], "another browser, another token"
    assert answered(Cookie=given.partition(";")[0]) == []
    assert "Secure" in answered(**{"X-Forwarded-Proto": "https"})[0]
