"""Visitors of a running app without a browser: Streamlit's own protobuf messages over a websocket.

A visitor asks for a page and waits until the script behind it has ended; what came is kept as messages. Nothing
is drawn, so a machine can hold many. Loopback only.

    async with visitor("http://127.0.0.1:8501") as anna:
        first = await anna.look("study", trial="3")
        print(first.seconds, first.bytes, first.exceptions)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UNFINISHED = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@dataclass
class Look:
    """What one run of a page sent."""

    first: float = 0.0
    """Seconds until the page began to show: its first element."""
    seconds: float = 0.0
    """Seconds until the script had ended."""
    bytes: int = 0
    elements: list[Element] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    """Parts of the page that are to be run again from time to time."""

    @property
    def exceptions(self) -> list[str]:
        """Tracebacks' last lines, as the page shows them."""
        shown = (one.exception for one in self.elements if one.WhichOneof("type") == "exception")
        return [f"{one.type}: {one.message}" for one in shown]

    def find(self, kind: str) -> list[Element]:
        """Elements of a kind (`plotly_chart`, `selectbox`, …): their widgets' ids stand in `one.<kind>.id`."""
        return [one for one in self.elements if one.WhichOneof("type") == kind]


class Visitor:
    """One browser tab. `patience` in seconds; a look that takes longer raises TimeoutError."""

    def __init__(self, connection: ClientConnection, url: str, locale: str, patience: float) -> None:
        self._connection, self._url, self._locale, self._patience = connection, url, locale, patience
        self._page = ""

    async def look(
        self, page: str = "", widgets: Sequence[WidgetState] = (), fragment: str = "", **parameters: object
    ) -> Look:
        """Open `page` (its name in the address; empty: the first), or run it again with other widgets' values.

        `fragment`: only that part of it, as when its time has come; it may have the whole page run.
        """
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string, state.page_name = urlencode(parameters), page
        state.widget_states.widgets.extend(widgets)
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
            state.page_name, state.page_script_hash = "", self._page
        state.context_info.url, state.context_info.locale = f"{self._url}/{page}", self._locale
        began, seen = time.perf_counter(), Look()
        await self._connection.send(asked.SerializeToString())
        async with asyncio.timeout(self._patience):
            async for payload in self._connection:
                assert isinstance(payload, bytes), "Streamlit sends protobuf"
                message = ForwardMsg.FromString(payload)
                seen.bytes += len(payload)
                kind = message.WhichOneof("type")
                if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                    seen.first = seen.first or time.perf_counter() - began
                    seen.elements.append(message.delta.new_element)
                elif kind == "navigation":
                    self._page = message.navigation.page_script_hash
                elif kind == "auto_rerun":
                    seen.fragments.append(message.auto_rerun.fragment_id)
                elif kind == "script_finished" and message.script_finished != _UNFINISHED:
                    break
        seen.seconds = time.perf_counter() - began
        return seen


@asynccontextmanager
async def visitor(
    url: str, locale: str = "en-US", patience: float = 120.0, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Visitor]:
    """Connect to the app at `url` ('http://127.0.0.1:8501'), with further headers such as a cookie."""
    where = urlsplit(url)
    assert where.hostname in LOOPBACK, "a load is for one's own machine"
    stream = f"ws://{where.netloc}/_stcore/stream"
    async with connect(
        stream,
        subprotocols=["streamlit"],
        max_size=None,
        open_timeout=patience,
        additional_headers=headers,
    ) as connection:  # type: ignore[list-item]
        yield Visitor(connection, url, locale, patience)
