"""Which visitor a session is: a random token that the browser keeps as a cookie, and never sees in an address.

A browser on this machine is no visitor (edgeslim.visitors): the connection comes from here, was not passed on by another
server, and asks for `localhost`.
"""

from __future__ import annotations

import hashlib
import secrets
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

from edgeslim import visitors

COOKIE = "edgeslim_visitor"
YEAR = 365 * 24 * 3600
PASSED_ON = ("x-forwarded-for", "x-real-ip", "forwarded", "via")
"""Headers that servers in between set."""
_TOKEN = "edgeslim_visitor"


def attend() -> None:
    """From now on, what a page asks of the workbench is asked for its visitor."""
    visitors.ask(current)


def current() -> str | None:
    """The visitor of the page that this thread draws; None where there is none, or it is at the machine.

    The cookie's hash: what is written on disk makes nobody that visitor. A browser that keeps no cookies is the same
    visitor until its page is closed.
    """
    if get_script_run_ctx() is None or _at_machine():
        return None
    token = st.context.cookies.get(COOKIE)
    if token is None:
        token = st.session_state.setdefault(_TOKEN, secrets.token_hex(16))
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _at_machine() -> bool:
    if st.context.ip_address is not None or any(name in st.context.headers for name in PASSED_ON):
        return False
    host = urlsplit(f"//{st.context.headers.get('host') or 'localhost'}").hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class VisitorCookie:
    """Gives a browser its token with the first page it asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _needs_cookie(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure = "https" in (scope["scheme"], Headers(scope=scope).get("x-forwarded-proto"))
                headers = MutableHeaders(scope=message)
                headers.append("set-cookie", cookie(secure))
                headers["cache-control"] = "no-store"  # no server in between gives one token to two
            await send(message)

        await self._app(scope, receive, with_cookie)


def cookie(secure: bool) -> str:
    """A new token, for this server's pages alone; scripts cannot read it."""
    kept = f"{COOKIE}={secrets.token_hex(16)}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax"
    return f"{kept}; Secure" if secure else kept


def token_of(headers: Headers) -> str | None:
    """What the browser was given, if it was given one and keeps it."""
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


def _needs_cookie(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "") and token_of(headers) is None
