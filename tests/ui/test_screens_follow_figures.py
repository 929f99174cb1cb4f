"""Screens hold no lists of figures, and read records as types."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.studies.figures import FIGURES

ROOT = Path(__file__).parents[2]
SCREENS = [*(ROOT / "compression" / "edgeslim" / "ui").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]


def collections(tree: ast.AST) -> Iterator[set[str]]:
    """The texts in every list, tuple and set that is written out, and the keys of every dictionary."""
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            yield {
                item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)
            }


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: path.stem)
def test_a_screen_lists_no_figures_and_reads_no_json_of_records(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = set(FIGURES.names())
    assert [listed & names for listed in collections(tree) if len(listed & names) > 1] == []
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert "from_json" not in called
