"""A realistic study of twenty trials: complete, collapsed, untimed, failed, infeasible, running …"""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def study() -> dict[str, Any]:
    """As it is kept, so that a test can change what it is about."""
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "study.json").read_text())
    return loaded
