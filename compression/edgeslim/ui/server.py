"""What the app does as a server of many visitors: before the first of them comes, and around every answer."""

from __future__ import annotations

import gc
import gzip
import mimetypes
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from edgeslim.ui import components, inspect, library
from edgeslim.ui.downloads import keep_downloads
from edgeslim.ui.uploads import UploadQuota
from edgeslim.ui.visitor import VisitorCookie, attend

IMPORTED = (
    "pandas",
    "plotly.graph_objects",
    "pyarrow.pandas_compat",
    "edgeslim.steps",
    "edgeslim.studies.presets",
)
"""What pages and the libraries behind them import only when it is called for."""
HEADERS = {
    "Cache-Control": "public, immutable, max-age=31536000",
    "Content-Encoding": "gzip",
    "Vary": "Accept-Encoding",
}
"""The caching is Streamlit's own: these files' names hold a hash of their content."""


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """For `st.App`: begins before the port answers, ends with the server."""
    import_all()
    attend()
    keep_downloads()
    # What is here now stays to the end. Unfrozen, each full collection walks it again: 0.1 s, and every visitor waits.
    gc.collect()
    gc.freeze()
    yield


def import_all() -> None:
    """Import what the pages use, so that no two visitors do at once.

    A library that looks into `sys.modules` for another (Plotly for pandas) would find it half made. torch and
    onnxruntime stay out: who only looks at results pays for neither.
    """
    for name in IMPORTED:
        import_module(name)
    for package in (components, inspect, library):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)


def middleware() -> list[Middleware]:
    """For `st.App`."""
    return [Middleware(CompressedAssets), Middleware(VisitorCookie), Middleware(UploadQuota)]


class CompressedAssets:
    """Streamlit's scripts and styles, each gzipped once: a third of the bytes (Plotly alone has 4.7 MB).

    Streamlit sends them as they are, since its middleware would compress them anew for every visitor. Compressed,
    all of them take 7 MB of memory.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self._app
        if scope["type"] == "http" and scope["method"] == "GET" and "/static/" in scope["path"]:
            asset = _assets().get(scope["path"].rpartition("/static/")[2])
            if asset is not None and "gzip" in Headers(scope=scope).get("Accept-Encoding", ""):
                content = await run_in_threadpool(_compressed, asset)
                answer = Response(content, media_type=mimetypes.guess_type(asset.name)[0], headers=HEADERS)
        await answer(scope, receive, send)


@cache
def _assets() -> Mapping[str, Path]:
    """Files by their path in the address; nothing else is read from the disk."""
    folder = Path(st.__file__).parent / "static" / "static"
    return {
        f"{kind}/{path.name}": path for kind in ("js", "css") for path in (folder / kind).glob(f"*.{kind}")
    }


@cache
def _compressed(asset: Path) -> bytes:
    return gzip.compress(asset.read_bytes(), compresslevel=6, mtime=0)
