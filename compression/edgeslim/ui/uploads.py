"""How much visitors of a public demo send: what they upload lies in the server's memory until their page is closed.

Anybody who has a page open can send files, whatever it offers; so it is counted here, before they are read.
"""

from __future__ import annotations

import time
from collections import deque

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from edgeslim import visitors
from edgeslim.quotas import DEMO_FILE_BYTES, DEMO_SENT_BY_ALL, DEMO_SENT_BYTES, DEMO_SENT_FILES
from edgeslim.ui.visitor import token_of

UPLOADS = "/_stcore/upload_file/"
HOUR = 3600.0
ENVELOPE = 10_000
"""Bytes around a file's own in its message."""


class UploadQuota:
    """Refuses files that are too large (413), of unknown length (411), or beyond what an hour allows (429)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sent: deque[tuple[float, str, int]] = deque()
        """When, by whom, how many bytes; in the last hour."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self._app
        if (
            scope["type"] == "http"
            and scope["method"] == "PUT"
            and UPLOADS in scope["path"]
            and visitors.demo()
        ):
            answer = self._refusal(scope) or answer
        await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        """Why this file is not taken; else it is counted, for the visitor's token or where they come from."""
        headers = Headers(scope=scope)
        sender = token_of(headers) or str((scope.get("client") or ("",))[0])
        told = headers.get("content-length", "")
        if not told.isdecimal():
            return PlainTextResponse("This public demo takes files whose length is told.", 411)
        count, now = int(told), time.monotonic()
        if count > DEMO_FILE_BYTES + ENVELOPE:
            most = f"{DEMO_FILE_BYTES // 1_000_000} MB"
            return PlainTextResponse(
                f"This public demo takes files of at most {most}. Send a smaller one.", 413
            )
        while self._sent and self._sent[0][0] < now - HOUR:
            self._sent.popleft()
        own = [each for _, who, each in self._sent if who == sender]
        full = sum(each for _, _, each in self._sent) + count > DEMO_SENT_BY_ALL
        if full or len(own) >= DEMO_SENT_FILES or sum(own) + count > DEMO_SENT_BYTES:
            most = f"{DEMO_SENT_FILES} files and {DEMO_SENT_BYTES // 1_000_000} MB"
            return PlainTextResponse(
                f"This public demo takes {most} an hour from each visitor. Come back later, or run EdgeSlim yourself.",
                429,
            )
        self._sent.append((now, sender, count))
        return None
