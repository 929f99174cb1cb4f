"""Pictures for browsers: each is encoded once, named by its content, and fetched by its address."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from threading import Lock

import streamlit as st
from PIL import Image as Pictures
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edgeslim.detections import Image

TYPES = {"png": "image/png", "jpg": "image/jpeg"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
"""A name tells the content, so what it names never changes."""
LONGEST_SIDE = 2000
"""Pixels; larger pictures are sent smaller."""
LOSSLESS = 300_000
"""Pixels up to which a picture is sent as PNG: small ones are enlarged, which shows what JPEG does to them."""


class PictureCache:
    """Encoded pictures by name. The least recently used ones go when all take more than `limit` bytes."""

    def __init__(self, limit: int = 128_000_000) -> None:
        self._limit = limit
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def add(self, image: Image) -> str:
        """The name under which the browser gets the picture."""
        digest = hashlib.blake2b(image.tobytes(), digest_size=16, salt=str(image.shape[1]).encode())
        kind = "png" if image.shape[0] * image.shape[1] <= LOSSLESS else "jpg"
        name = f"{digest.hexdigest()}.{kind}"
        if self.get(name) is None:
            content = _encoded(image, kind)
            with self._lock:
                self._files[name] = content
                while sum(map(len, self._files.values())) > self._limit and len(self._files) > 1:
                    self._files.popitem(last=False)
        return name

    def get(self, name: str) -> bytes | None:
        with self._lock:
            if name in self._files:
                self._files.move_to_end(name)
            return self._files.get(name)


PICTURES = PictureCache()


def address(image: Image) -> str:
    """Where a browser gets the picture, as a path on this server."""
    return f"{_folder()}/{PICTURES.add(image)}"


def picture_routes() -> list[Route]:
    """For `st.App`, which leaves the base path of its own routes to us."""
    return [Route(f"{_folder()}/{{name}}", _answer)]


def _folder() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/picture" if base else "/picture"


async def _answer(request: Request) -> Response:
    name = request.path_params["name"]
    content = PICTURES.get(name)
    if content is None:
        return Response(status_code=404)
    return Response(content, media_type=TYPES[name.rpartition(".")[2]], headers=FOREVER)


def _encoded(image: Image, kind: str) -> bytes:
    picture = Pictures.fromarray(image)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    if kind == "png":
        picture.save(buffer, "PNG")
    else:
        picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
