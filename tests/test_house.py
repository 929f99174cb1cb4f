"""The rules of the house: layers, lint, types, and what pages may import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
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


FREE_FORM = {
    "workbench/models.py: checked_spec",  # what was typed into a form
    "workbench/models.py: ModelInfo",  # what import notes of a file
    "workbench/training.py: TrainedSample",  # figures by the names that a task gives them
}
"""What is free-form, and says so where it stands: all else between rooms has a type."""


@pytest.mark.parametrize("room", ["workbench", "report", "search"])
def test_what_rooms_hand_each_other_has_a_type(room: str) -> None:
    found = set()
    for path in sorted((ROOT / "compression" / "edgeslim" / room).glob("*.py")):
        for name, annotation in _public(ast.parse(path.read_text())):
            if re.search(r"(dict|Mapping)\[str, Any\]", annotation):
                found.add(f"{room}/{path.name}: {name}")
    assert found <= FREE_FORM


def _public(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What public functions, methods and dataclasses take and return, by their name."""
    for owner in [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]:
        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
        if prefix.startswith("_"):
            continue
        for node in owner.body:
            if isinstance(node, ast.FunctionDef) and (node.name == "__init__" or node.name[0] != "_"):
                annotations = (each.annotation for each in (*node.args.args, *node.args.kwonlyargs))
                for annotation in filter(None, (*annotations, node.returns)):
                    yield f"{prefix}{node.name}", ast.unparse(annotation)
            elif isinstance(node, ast.AnnAssign) and isinstance(owner, ast.ClassDef):
                yield owner.name, ast.unparse(node.annotation)


def test_screens_and_reports_read_json_from_uploads_only() -> None:
    """Studies, plans and recipes come as types; who takes a file from a visitor hands it to the workbench."""
    places = [ROOT / "pages", *(ROOT / "compression" / "edgeslim" / room for room in ("ui", "report"))]
    reading = [
        path.name for place in places for path in place.rglob("*.py") if "from_json" in path.read_text()
    ]
    assert reading == []


def test_no_page_lies_directly_in_pages() -> None:
    assert not list((ROOT / "pages").glob("*.py"))


def test_every_module_of_tests_has_a_name_of_its_own() -> None:
    """Their folders are no packages: pytest imports each by its name alone."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_no_test_judges_by_the_clock() -> None:
    """How busy a machine is decides nothing: work is counted (counting.lines). What is timed is a benchmark."""
    elapsed = re.compile(r"time\.(time|monotonic|perf_counter|process_time)\(\) - [a-z_]+\b(?! \*)")
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "benchmarks" not in path.parts]
    assert [path.name for path in tests if elapsed.search(path.read_text())] == []


def test_files_stay_under_300_lines() -> None:
    files = [
        ROOT / "app.py",
        *(p for d in ("compression", "pages", "tests") for p in (ROOT / d).rglob("*.py")),
    ]
    long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > 300}
    assert not long
