"""The app as a server: many visitors at once on a cold one, and the weight of what it sends. Without a browser."""

import asyncio
import gzip
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path

import pytest

from benchmarks.app_server import ROOT, Server, serving
from benchmarks.websocket_visitor import Look, visitor

PAGES = ("", "study", "compare", "new", "study", "", "study", "compare")
RESULTS = """
import asyncio, gc, json, sys
from edgeslim.ui.server import lifespan
from streamlit.testing.v1 import AppTest

def packages():
    return {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names

async def main():
    AppTest.from_string("import streamlit as st; st.write(1)").run()
    async with lifespan(None):
        before = packages()
        app = AppTest.from_file(sys.argv[1], default_timeout=120)
        app.query_params["trial"] = "3"
        app.switch_page(sys.argv[2]).run()
        shown = [len(app.exception), len(app.get("plotly_chart")), len(app.dataframe)]
        dear = sorted({"torch", "onnxruntime"} & set(sys.modules))
        print(json.dumps([shown, sorted(packages() - before), dear, gc.get_freeze_count()]))

asyncio.run(main())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as running:
        yield running


def test_eight_visitors_at_once_see_no_exception_on_a_cold_server(server: Server) -> None:
    async def visit(page: str) -> Look:
        async with visitor(server.url) as one:
            return await one.look(page)

    async def visits() -> list[Look]:
        return await asyncio.gather(*map(visit, PAGES))

    looks = asyncio.run(visits())
    assert [look.exceptions for look in looks] == [[]] * len(PAGES)
    charts = {page: len(look.find("plotly_chart")) for page, look in zip(PAGES, looks, strict=True)}
    assert charts["study"] >= 1
    assert "Traceback" not in server.log.read_text()


def test_each_run_speaks_the_language_of_its_address(server: Server) -> None:
    async def titles() -> list[str]:
        async with visitor(server.url, locale="en-US") as one:
            looks = [await one.look("compare", lang=language) for language in ("zh", "en", "zh")]
            return [look.find("heading")[0].heading.body for look in looks]

    chinese, english, again = asyncio.run(titles())
    assert chinese == again != english
    assert " loses " in english and "丢失" in chinese


def test_scripts_come_compressed_with_the_bytes_and_the_caching_of_streamlit(server: Server) -> None:
    page, _ = _get(server.url, "identity")
    script = re.search(rb'src="\./(static/js/index\.[^"]+\.js)"', page)
    assert script is not None
    address = f"{server.url}/{script[1].decode()}"
    plain, plain_headers = _get(address, "identity")
    compressed, headers = _get(address, "gzip, deflate, br")
    assert headers["Content-Encoding"] == "gzip" and plain_headers["Content-Encoding"] is None
    assert gzip.decompress(compressed) == plain
    assert len(compressed) < 0.4 * len(plain)
    assert int(headers["Content-Length"]) == len(compressed)
    same = ("Content-Type", "Cache-Control")
    assert [headers[name] for name in same] == [plain_headers[name] for name in same]
    unknown, headers = _get(f"{server.url}/static/js/nothing.js", "gzip")
    assert headers["Content-Encoding"] is None and unknown == page


def test_a_study_is_shown_without_imports_while_visitors_wait(tmp_path: Path) -> None:
    """Nothing is left to import when the first visitor comes, and neither torch nor onnxruntime ever is."""
    pages = [str(ROOT / "compression/edgeslim/ui/frame.py"), str(ROOT / "pages/study/study.py")]
    done = subprocess.run(
        [sys.executable, "-c", RESULTS, *pages],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={"EDGESLIM_HOME": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    shown, imported, dear, frozen = json.loads(done.stdout)
    assert shown[0] == 0 and min(shown[1:]) >= 1
    assert (imported, dear) == ([], [])
    assert frozen > 100_000


def _get(address: str, encoding: str) -> tuple[bytes, HTTPMessage]:
    request = urllib.request.Request(address, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read(), answer.headers
