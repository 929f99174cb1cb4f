"""An address of this app for other devices: as a QR code, and whether they can open it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno


def only_here(link: str) -> bool:
    """Whether no other device can open the link: it names this machine as itself."""
    host = urlsplit(link).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@lru_cache(maxsize=64)
def qr_picture(link: str) -> str:
    """As the address of a picture; dark on white in both themes, as phones want it."""
    made = segno.make(link, error="m", micro=False)
    return str(made.svg_data_uri(border=3, scale=8, dark="#000", light="#fff"))
