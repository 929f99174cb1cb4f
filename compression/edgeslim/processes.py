"""The environment of this package's own processes."""

from __future__ import annotations

import os
from pathlib import Path

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What a process must find when it starts, so that it does not use every core."""
_ROOT = str(Path(__file__).parents[1])


def environment_of_child(**variables: str) -> dict[str, str]:
    """This process's environment with other `variables`, in which Python imports the same EdgeSlim."""
    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **variables}


def threads(count: int) -> dict[str, str]:
    """The variables that limit a process to so many threads for each computation."""
    return dict.fromkeys(THREAD_VARIABLES, str(count))
