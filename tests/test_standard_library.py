"""No name of the standard library, of any Python that is supported, is taken by this repository."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
import sysconfig
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

BOTH = """
import sys
sys.path[:0] = {folders!r}
import {first}
import {second}
import compression
import compression._common._streams
import edgeslim.cli.main
print(compression.__file__, *edgeslim.__path__)
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
    """From it `gzip`, `bz2`, `lzma` and `zipfile` import since 3.14; before, one like it stands in, later on the path."""
    library = Path(sysconfig.get_path("stdlib")) / "compression"
    if sys.version_info < (3, 14):
        library = tmp_path / "compression"
        (library / "_common").mkdir(parents=True)
        for name in ("__init__.py", "_common/__init__.py", "_common/_streams.py"):
            (library / name).touch()
    folders = [str(ROOT), str(ROOT / "compression"), str(tmp_path)]
    code = BOTH.format(folders=folders, first=order[0], second=order[1])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.stdout.split() == [str(library / "__init__.py"), str(ROOT / "compression" / "edgeslim")], (
        done.stderr
    )
