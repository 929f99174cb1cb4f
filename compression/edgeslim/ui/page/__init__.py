"""What the pages of our components have in common.

Streamlit loads a component from a blob, where nothing can be imported, so its files are joined when the app starts.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
MOUNT = HERE / "mount.js"
"""`mounted(selector, made)`: a component's default export."""
BASE = HERE / "base.css"
"""Buttons and choices; what is hidden, and what only a screen reader meets."""


def joined(*paths: Path) -> str:
    """The files' text, one after the other."""
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)
