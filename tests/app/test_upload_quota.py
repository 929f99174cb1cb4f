"""What a public demo lets its visitors upload in an hour."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from edgeslim import visitors
from edgeslim.ui import uploads
from edgeslim.ui.visitor import COOKIE


def sent(quota: uploads.UploadQuota, who: str, count: int | None) -> int:
    """The status that a visitor gets for a file of so many bytes; None: its length is not told."""
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"cookie", f"{COOKIE}={who}".encode())]
    headers += [] if count is None else [(b"content-length", str(count).encode())]
    path = "/base/_stcore/upload_file/session/file"
    scope = {"type": "http", "method": "PUT", "path": path, "headers": headers, "client": ("127.0.0.1", 1)}
    asyncio.run(quota(scope, receive, send))
    return int(answers[0]["status"])


def test_each_visitor_of_a_demo_sends_so_much_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    quota, clock = uploads.UploadQuota(PlainTextResponse("taken")), [0.0]
    monkeypatch.setattr(uploads.time, "monotonic", lambda: clock[0])
    for name, value in {
        "DEMO_FILE_BYTES": 100, "ENVELOPE": 0, "DEMO_SENT_BYTES": 150, "DEMO_SENT_FILES": 3, "DEMO_SENT_BY_ALL": 280,
    }.items():  # fmt: skip
        monkeypatch.setattr(uploads, name, value)
    assert sent(quota, "anna", 101) == 200, "no demo, no quota"
    monkeypatch.setenv(visitors.DEMO_VARIABLE, "1")
    assert sent(quota, "anna", 101) == 413
    assert [sent(quota, "anna", count) for count in (100, 51, 50, 1)] == [200, 429, 200, 429]
    assert [sent(quota, "ben", 1) for _ in range(4)] == [200, 200, 200, 429]
    assert [sent(quota, who, 100) for who in ("carl", "dora")] == [200, 429], "all together"
    assert sent(quota, "dora", None) == 411
    clock[0] = 3601.0
    assert sent(quota, "anna", 100) == 200
