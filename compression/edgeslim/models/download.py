"""Downloading a catalogue model: with progress, verified, imported; a failure leaves nothing behind."""

from __future__ import annotations

import dataclasses
import hashlib

import requests

from edgeslim.artifacts.store import Store
from edgeslim.errors import DownloadError
from edgeslim.models.base import Model
from edgeslim.models.catalogue import CATALOGUE, CatalogueEntry
from edgeslim.models.importing import import_bytes, register
from edgeslim.progress import Progress, silent

_TIMEOUTS = (10.0, 30.0)
"""Seconds to connect, and between two chunks."""
_PIECE = 1 << 18


def download_model(
    name: str, store: Store | None = None, progress: Progress = silent, mirror: str | None = None
) -> Model:
    """Download a catalogue model, verify it and list it under its name; a second call downloads nothing.

    `mirror` is a base URL that serves the file under its own name; the same checks apply.
    Raises DownloadError for a dead network or a wrong file, EdgeSlimError for an unknown name.
    """
    entry, store = CATALOGUE.get(name), store or Store()
    url = entry.url if mirror is None else f"{mirror.rstrip('/')}/{entry.url.rsplit('/', 1)[1]}"
    with store.lock(f"download-{name}", progress=progress):
        path = store.path(entry.sha256)
        if not path.exists():
            store.put(fetch(url, entry, progress))
        model = import_bytes(path.read_bytes(), name, entry.spec, store, progress)
        return register(dataclasses.replace(model, name=name, origin="catalogue"), store)


def fetch(url: str, entry: CatalogueEntry, progress: Progress = silent) -> bytes:
    """The file's content, of exactly the expected size and checksum. Raises DownloadError."""
    pieces, digest, received = [], hashlib.sha256(), 0
    progress("download", 0, entry.bytes)
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUTS) as response:
            response.raise_for_status()
            for piece in response.iter_content(_PIECE):
                pieces.append(piece)
                digest.update(piece)
                received += len(piece)
                if received > entry.bytes:
                    break
                progress("download", received, entry.bytes)
    except requests.RequestException as error:
        raise DownloadError("download_failed", name=entry.name, url=url, reason=_reason(error)) from error
    if received != entry.bytes or digest.hexdigest() != entry.sha256:
        raise DownloadError(
            "wrong_checksum",
            name=entry.name,
            url=url,
            expected=entry.sha256,
            received=received,
            bytes=entry.bytes,
        )
    return b"".join(pieces)


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP {error.response.status_code}"
    return "timeout" if isinstance(error, requests.Timeout) else "no connection"
