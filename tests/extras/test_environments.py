"""Each optional extra is tested by an environment of its own: what it needs must not be what everything needs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
# anyio's plugin comes with streamlit; loading an older release of it, as an extra may need, warns.
OPTIONS = ("-n", "0", "-p", "no:cacheprovider", "-p", "no:anyio")
# A folder of a package's own name would pass for that package where it is not installed.
EXTRAS = sorted(path.name.removeprefix("with_") for path in HERE.glob("with_*"))

RUNTIMES = {"ncnn": "ncnn", "openvino": "openvino", "tflite": "litert"}
"""Extra → the runtime that it brings, which owes what every runtime does."""
CONTRACT = "tests/contracts/test_runtimes_contract.py"


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_passes_its_tests_in_its_own_environment(extra: str) -> None:
    check_passes(extra, f"tests/extras/with_{extra}")


@pytest.mark.parametrize("extra", RUNTIMES)
def test_a_runtime_keeps_the_contract_in_the_environment_of_its_extra(extra: str) -> None:
    summary = check_passes(extra, CONTRACT, "-k", RUNTIMES[extra])
    assert "skipped" not in summary, f"'{RUNTIMES[extra]}' is not installed there:\n{summary}"


def check_passes(extra: str, *tests: str) -> str:
    """pytest's words on these tests, run in the environment of that extra; skips where there is none."""
    python = ROOT / f".venv-{extra}" / "bin" / "python"
    if not python.exists():
        pytest.skip(
            f"no environment of '{extra}'; make it with: python3 -m venv .venv-{extra} && "
            f".venv-{extra}/bin/pip install -r requirements-{extra}.txt -e .[tests]"
        )
    command = [str(python), "-m", "pytest", *OPTIONS, *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout, f"nothing ran:\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_is_installed_by_a_file_of_its_own(extra: str) -> None:
    assert (ROOT / f"requirements-{extra}.txt").read_text().strip().endswith(f"-e .[{extra}]")
