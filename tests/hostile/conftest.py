"""The door that a user's files come through, and who watches what they do there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watching import MEMORY, bounded, tree

from edgeslim.cli.main import main
from edgeslim.models import confined
from edgeslim.texts import known, translate

Door = Callable[..., int]


@pytest.fixture
def door(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Door:
    """Run a command of the shell with --json: it ends by itself, with 0 or with an error that has words in every
    language, within bounds of memory and time, and nothing but the store has changed."""
    for name in ("outside", "given"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "outside")
    monkeypatch.setenv("HOME", str(tmp_path / "outside"))
    monkeypatch.setattr(confined, "SECONDS", 3)
    monkeypatch.setattr(confined, "MEMORY", MEMORY)

    def knock(*arguments: str | Path) -> int:
        before = tree(tmp_path)
        with bounded(request.node.nodeid):
            code = main([*map(str, arguments), "--store", str(tmp_path / "store"), "--json"])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        assert tree(tmp_path) == before
        answer: Any = json.loads(told.out)
        assert code in (0, 2)
        if code == 2:
            error = answer["error"]
            assert known("en", f"error.{error['code']}") and known("zh", f"error.{error['code']}"), error
            assert error["message"] == translate("en", f"error.{error['code']}", **error["values"])
            # An exception that nobody foresaw is a defect of ours, even where it costs a process of its own only.
            assert error["code"] != "model_crashes" or error["values"]["cause"].startswith("signal"), error
        return code

    return knock
