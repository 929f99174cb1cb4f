"""Downloads, against a server on this machine: verified, atomic, and clear about what went wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from models_for_tests import HEIGHT, SHARED, WIDTH, detector

from edgeslim.artifacts.store import Store
from edgeslim.errors import DownloadError, EdgeSlimError
from edgeslim.models import download
from edgeslim.models.catalogue import CATALOGUE, CatalogueEntry
from edgeslim.models.download import download_model
from edgeslim.models.library import list_models, open_model
from edgeslim.models.spec import spec_from_json
from edgeslim.registry import Registry

CONTENT = detector().SerializeToString()
ENTRY = CatalogueEntry(
    name="tiny-detector",
    url="https://example.invalid/releases/tiny.onnx",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    bytes=len(CONTENT),
    licence="Apache-2.0",
    source="https://example.invalid",
    published="",
    spec=spec_from_json({"family": "fcos", "input_width": WIDTH, "input_height": HEIGHT}),
)


class Handler(BaseHTTPRequestHandler):
    """Serves `files` by path; a body shorter than its announced length is cut off."""

    files: ClassVar[dict[str, bytes]] = {}
    requested: ClassVar[list[str]] = []
    announce: ClassVar[int | None] = None

    def do_GET(self) -> None:
        self.requested.append(self.path)
        body = self.files.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(self.announce or len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    catalogue: Registry[CatalogueEntry] = Registry("catalogue model")
    catalogue.add(ENTRY)
    for module in ("download", "library", "catalogue"):
        monkeypatch.setattr(f"edgeslim.models.{module}.CATALOGUE", catalogue)
    monkeypatch.setattr(Handler, "files", {"/mirror/tiny.onnx": CONTENT})
    monkeypatch.setattr(Handler, "requested", [])
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}/mirror"
    running.shutdown()
    running.server_close()
    thread.join()


def failed(store: Store, mirror: str) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        download_model("tiny-detector", store, mirror=mirror)
    left = [path for path in store.root.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == []
    return caught.value


def test_downloaded_model_is_verified_imported_and_listed(server: str, store: Store) -> None:
    seen: list[tuple[str, int, int]] = []
    model = download_model("tiny-detector", store, lambda *step: seen.append(step), mirror=f"{server}/")
    assert (model.name, model.origin, model.spec.strides) == ("tiny-detector", "catalogue", (8,))
    assert open_model("tiny-detector", store) == model
    (entry,) = [each for each in list_models(store) if each.name == "tiny-detector"]
    assert (entry.origin, entry.ready, entry.sha256) == ("catalogue", True, model.sha256)
    assert seen[0] == ("download", 0, len(CONTENT))
    assert seen[-2:] == [("download", len(CONTENT), len(CONTENT)), ("opening", 0, 0)]


def test_second_download_asks_nobody(server: str, store: Store) -> None:
    first = download_model("tiny-detector", store, mirror=server)
    assert download_model("tiny-detector", store, mirror=server) == first
    assert Handler.requested == ["/mirror/tiny.onnx"]


def test_wrong_content_is_refused_and_nothing_is_left(server: str, store: Store) -> None:
    Handler.files["/mirror/tiny.onnx"] = CONTENT[:-1] + b"!"
    error = failed(store, server)
    assert error.code == "wrong_checksum"
    assert error.values["expected"] == ENTRY.sha256


def test_endless_content_is_cut_off(server: str, store: Store) -> None:
    Handler.files["/mirror/tiny.onnx"] = CONTENT + bytes(8 << 20)
    error = failed(store, server)
    assert error.code == "wrong_checksum"
    assert int(str(error.values["received"])) < len(CONTENT) + (1 << 20)


def test_connection_that_breaks_off_is_reported(
    server: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "announce", 2 * len(CONTENT))
    assert failed(store, server).code == "download_failed"


def test_missing_file_tells_the_status(server: str, store: Store) -> None:
    Handler.files.clear()
    error = failed(store, server)
    assert (error.code, error.values["reason"]) == ("download_failed", "HTTP 404")
    assert "tiny.onnx" in str(error)


def test_dead_network_says_so(server: str, store: Store) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = failed(store, f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert error.values["reason"] == "no connection"


def test_silent_server_is_given_up(store: Store, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_TIMEOUTS", (0.2, 0.2))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        error = failed(store, f"http://127.0.0.1:{listening.getsockname()[1]}")
    assert error.values["reason"] == "timeout"


def test_unknown_name_lists_the_catalogue(server: str, store: Store) -> None:
    with pytest.raises(EdgeSlimError) as caught:
        download_model("yolov99", store, mirror=server)
    assert "tiny-detector" in str(caught.value)


@pytest.mark.parametrize("name", CATALOGUE.names())
def test_catalogue_entry_is_complete(name: str) -> None:
    entry = CATALOGUE.get(name)
    assert len(bytes.fromhex(entry.sha256)) == 32
    assert entry.bytes > 1_000_000
    assert entry.url.startswith("https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/")
    assert entry.licence == "Apache-2.0"
    assert spec_from_json(entry.spec.to_json()) == entry.spec
    assert dataclasses.asdict(entry)["spec"]["color"] == "BGR"
    assert len(entry.spec.labels) == 80


def test_nano_entry_has_the_size_of_the_shared_file() -> None:
    path = SHARED / "models" / "yolox_nano.onnx"
    if not path.exists():
        pytest.skip("needs yolox_nano.onnx in ../shared/data/models")
    assert CATALOGUE.get("yolox-nano").bytes == path.stat().st_size
