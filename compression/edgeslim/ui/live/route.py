"""What a browser fetches to run a detector itself: the runtime, our worker, and the files that a page offers it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from functools import cache
from pathlib import Path
from threading import Lock

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from edgeslim import workbench
from edgeslim.ui.picture.route import FOREVER

WORKER = Path(__file__).parent / "page" / "worker.js"
_MOST = 512
"""Files offered at a time."""


class Offers:
    """Files that pages have offered, by the name they are fetched under; nothing else of the disk is served."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Path] = OrderedDict()
        self._lock = Lock()

    def add(self, name: str, path: Path) -> None:
        with self._lock:
            self._files[name] = path
            self._files.move_to_end(name)
            while len(self._files) > _MOST:
                self._files.popitem(last=False)

    def get(self, name: str) -> Path | None:
        with self._lock:
            return self._files.get(name)


_OFFERS = Offers()


def offered(path: Path, sha256: str) -> str:
    """Where a browser gets the file of that hash from now on, as a path on this server."""
    name = f"{sha256}{path.suffix}"
    _OFFERS.add(name, path)
    return f"{_folder()}/file/{name}"


def worker_address() -> str:
    """Where our worker is; another content has another address."""
    return f"{_folder()}/{_worker()[1]}"


def runtime_address() -> str:
    """The folder of the runtime's files."""
    return f"{_folder()}/{workbench.BROWSER_PACKAGE}"


def live_routes() -> list[Route]:
    """For `st.App`, which leaves the base path of its own routes to us."""
    folder = _folder()
    return [
        Route(f"{folder}/file/{{name}}", _file),
        Route(f"{folder}/{workbench.BROWSER_PACKAGE}/{{name}}", _runtime),
        Route(f"{folder}/{_worker()[1]}", _work),
    ]


def _folder() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/live-files" if base else "/live-files"


@cache
def _worker() -> tuple[bytes, str]:
    content = WORKER.read_bytes()
    return content, f"worker-{hashlib.sha256(content).hexdigest()[:12]}.js"


async def _file(request: Request) -> Response:
    path = _OFFERS.get(request.path_params["name"])
    if path is None or not path.exists():
        return Response(status_code=404)
    return FileResponse(path, media_type="application/octet-stream", headers=FOREVER)


async def _runtime(request: Request) -> Response:
    name, files = request.path_params["name"], workbench.browser_runtime()
    if files is None or name not in files:
        return Response(status_code=404)
    packed = {**FOREVER, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return FileResponse(files[name], media_type=workbench.BROWSER_TYPES[name], headers=packed)


async def _work(request: Request) -> Response:
    return Response(_worker()[0], media_type="text/javascript", headers=FOREVER)
