"""No name of the standard library, of any Python that is supported, is taken by this repository."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LATER = {
    "_android_support", "_apple_support", "_ast_unparse", "_colorize", "_hmac", "_interpchannels",
    "_interpqueues", "_interpreters", "_ios_support", "_opcode_metadata", "_py_warnings", "_pydatetime",
    "_pylong", "_pyrepl", "_remote_debugging", "_sha2", "_suggestions", "_sysconfig", "_types", "_wmi",
    "_zstd", "annotationlib", "compression",
}  # fmt: skip
"""Top-level names of the standard libraries of 3.12, 3.13 and 3.14 that 3.11 does not have."""
SEARCHED = [ROOT, ROOT / "compression", *(path for path in (ROOT / "tests").rglob("*") if path.is_dir())]
"""Folders that streamlit, the installed package and pytest put on `sys.path`."""

STAND_IN = """
import sys
sys.path[:0] = {folders!r}
import {first}
import {second}
import compression
import compression._common._streams as streams
import edgeslim.cli.main
assert streams.WHOLE and compression.__file__ == {file!r}, compression
assert edgeslim.__path__ == [{ours!r}], edgeslim.__path__
"""


def test_nothing_can_be_imported_under_a_name_of_the_standard_library() -> None:
    names = sys.stdlib_module_names | LATER
    taken = {
        str(folder.relative_to(ROOT)): names & found
        for folder in SEARCHED
        if names & (found := {module.name for module in pkgutil.iter_modules([str(folder)])})
    }
    assert taken == {}


@pytest.mark.parametrize("order", [("compression", "edgeslim"), ("edgeslim", "compression")], ids=" ".join)
def test_the_standard_librarys_package_compression_stays_intact_beside_ours(
    order: tuple[str, str], tmp_path: Path
) -> None:
    """A package as 3.14 has it, from which `gzip`, `bz2`, `lzma` and `zipfile` import, comes later on the path."""
    library = tmp_path / "compression" / "_common"
    library.mkdir(parents=True)
    (library.parent / "__init__.py").touch()
    (library / "__init__.py").touch()
    (library / "_streams.py").write_text("WHOLE = True\n")
    code = STAND_IN.format(
        folders=[str(ROOT), str(ROOT / "compression"), str(tmp_path)],
        first=order[0],
        second=order[1],
        file=str(library.parent / "__init__.py"),
        ours=str(ROOT / "compression" / "edgeslim"),
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
