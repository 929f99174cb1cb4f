"""A public demo as somebody elsewhere reaches it: by address and over the websocket, past all buttons."""

import asyncio
import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator

import psutil
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.app_server import Server, serving
from benchmarks.websocket_visitor import Look, visitor
from edgeslim import visitors, workbench
from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ErrandStatus, errand_folder, write_errand_status
from edgeslim.jobs.status import identity
from edgeslim.quotas import DEMO_ERRANDS_EACH, DEMO_FILE_BYTES
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

    for who, page, address in (
        ("ben", "inspect", {"model": "annas-model"}),
        ("ben", "library", {"model": "annas-model", "set": "digits"}),
        ("ben", "compare", {"other": "model:annas-model"}),
    ):
        look = seen(demo, who, page, **address)
        assert look.exceptions == [] and "weights" not in str(look.find("metric"))
        assert not any(
            "annas-model" in str(each) for each in (*look.find("selectbox"), *look.find("arrow_data_frame"))
        )


def test_a_visitor_of_a_demo_computes_few_things_at_a_time(demo: Server) -> None:
    store, who = Store(demo.home), hashlib.sha256(b"carl").hexdigest()[:32]
    pid, started = identity(psutil.Process())
    folders = [errand_folder(store, f"busy-{number}") for number in range(DEMO_ERRANDS_EACH)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "errand.json").write_text(f'{{"errand": "look_inside", "visitor": "{who}"}}')
        write_errand_status(folder, ErrandStatus(state="running", pid=pid, started=started))
    look = seen(demo, "carl", "inspect", section="inside")
    button = next(each.button.id for each in look.find("button") if "look_inside" in each.button.id)
    look = seen(demo, "carl", "inspect", press=button, section="inside")
    assert "2 for each visitor" in "".join(str(each) for each in look.elements)
    assert look.exceptions == [] and len(list((store.root / "errands").iterdir())) == DEMO_ERRANDS_EACH


def test_a_demo_takes_no_large_files_whatever_its_pages_offer(demo: Server) -> None:
    request = urllib.request.Request(
        f"{demo.url}/_stcore/upload_file/anybody/anything", method="PUT", data=b"x"
    )
    request.add_header("Content-Length", str(2 * DEMO_FILE_BYTES))
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    assert caught.value.code == 413 and "20 MB" in caught.value.read().decode()


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
