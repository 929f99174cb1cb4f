"""A C header of a file: a compiler takes it, and it holds the file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edgeslim.export.tflite.micro import Micro, header

CONTENT = bytes(range(256)) * 3 + b"\x07"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_header_compiles_in_c_and_holds_the_file(tmp_path: Path) -> None:
    found = Micro(operators={"CONV_2D": 2, "RELU": 1}, missing=(), flash=len(CONTENT), arena=4096)
    (tmp_path / "model.h").write_text(header(CONTENT, "8-bit signs", found))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "model.h"\n'
        "int main(void) { fwrite(model_8_bit_signs, 1, sizeof model_8_bit_signs, stdout);\n"
        "return MODEL_8_BIT_SIGNS_BYTES == 769 && MODEL_8_BIT_SIGNS_ARENA_BYTES == 4096 &&\n"
        "  (unsigned long)model_8_bit_signs % 16 == 0 ? 0 : 1; }\n"
    )
    command = ["gcc", "-std=c11", "-Wall", "-Werror", "-o", "main", "main.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([str(tmp_path / "main")], capture_output=True, check=False)
    assert done.returncode == 0 and done.stdout == CONTENT
