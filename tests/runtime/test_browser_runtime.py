"""The runtime for browsers is taken from its official package alone, and stays when room is made."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from browser_package import package
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError
from edgeslim.runtime import browser


def test_another_tarball_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    other = tmp_path / "onnxruntime-web-1.30.0.tgz"
    with tarfile.open(other, "w:gz") as packed:
        packed.add(__file__, "package/dist/ort.wasm.min.mjs")
    with pytest.raises(EdgeSlimError, match=r"npm pack onnxruntime-web@1\.30\.0") as caught:
        workbench.install_browser_runtime(other, Store(tmp_path / "home"))
    assert caught.value.code == "not_the_package"
    assert workbench.browser_runtime(Store(tmp_path / "home")) is None
    assert not (tmp_path / "home").exists()


def test_a_machine_without_npm_is_told_how_to_bring_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgeSlimError, match="run elsewhere: npm pack") as caught:
        workbench.install_browser_runtime(None, Store(tmp_path / "home"))
    assert caught.value.code == "npm_missing"


def test_an_npm_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'no such host' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(EdgeSlimError, match="no such host") as caught:
        workbench.install_browser_runtime(None, Store(tmp_path / "home"))
    assert caught.value.code == "npm_failed"


def test_the_official_package_is_taken_apart_and_stays_when_room_is_made(tmp_path: Path) -> None:
    store = Store(tmp_path)
    files = workbench.install_browser_runtime(package(), store)
    assert set(files) == set(browser.FILES)
    assert gzip.decompress(files["ort-wasm-simd-threaded.wasm"].read_bytes())[:4] == b"\0asm"
    workbench.collect_garbage(store, max_bytes=1)
    assert workbench.browser_runtime(store) == files
