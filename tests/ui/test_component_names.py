"""Streamlit keeps components by their name alone: of two with one name, the page that came first shows the other's."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

UI = Path(__file__).parents[2] / "compression" / "edgeslim" / "ui"


def test_no_two_components_have_one_name() -> None:
    made = [re.findall(r"v2\.component\(\s*\"(\w+)\"", path.read_text()) for path in UI.rglob("*.py")]
    names = Counter(name for found in made for name in found)
    assert len(names) >= 9
    assert [name for name, count in names.items() if count > 1] == []
