"""The rules of the house: layers, lint, types, and what pages may import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE_IMPORTS = ("streamlit", "edgeslim.workbench", "edgeslim.report", "edgeslim.ui", "edgeslim.units")
BIN = Path(sys.executable).parent


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dependencies_point_down_only() -> None:
    _run(str(BIN / "lint-imports"), "--no-cache")


def test_ruff_finds_nothing() -> None:
    _run(str(BIN / "ruff"), "check", "--no-cache", ".")


def test_code_is_formatted() -> None:
    _run(str(BIN / "ruff"), "format", "--no-cache", "--check", ".")


def test_compression_is_strictly_typed() -> None:
    _run(sys.executable, "-m", "mypy")  # whose cache stays in the checkout: only the first run takes long


@pytest.mark.parametrize(
    "page", [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))], ids=lambda p: p.stem
)
def test_pages_import_only_the_facade(page: Path) -> None:
    for node in ast.walk(ast.parse(page.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            allowed = name.startswith(PAGE_IMPORTS) or name.split(".")[0] in sys.stdlib_module_names
            assert allowed, f"{page.name} imports {name}"


def test_one_file_makes_the_sessions_of_onnxruntime() -> None:
    package = ROOT / "compression" / "edgeslim"
    makers = re.compile(r"\b(InferenceSession|SessionOptions)\(")
    found = {str(p.relative_to(package)) for p in package.rglob("*.py") if makers.search(p.read_text())}
    assert found == {"ort.py"}


def test_no_page_lies_directly_in_pages() -> None:
    assert not list((ROOT / "pages").glob("*.py"))


def test_files_stay_under_300_lines() -> None:
    files = [
        ROOT / "app.py",
        *(p for d in ("compression", "pages", "tests") for p in (ROOT / d).rglob("*.py")),
    ]
    long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > 300}
    assert not long
