"""Without an optional runtime the shell says what installs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.cli.main import main
from edgeslim.runtime import RUNTIMES

OPTIONAL = {"ncnn": "ncnn pnnx", "openvino": "openvino"}
ASKED = ["evaluate", "--model", "digits-mlp", "--data", "digits", "--limit", "5"]


@pytest.mark.parametrize(("name", "packages"), OPTIONAL.items())
def test_the_shell_says_what_installs_a_runtime(
    name: str,
    packages: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(RUNTIMES.get(name)), "version", lambda _: "")
    assert main([*ASKED, "--runtime", name, "--store", str(tmp_path)]) == 2
    assert f"pip install {packages}" in capsys.readouterr().err
