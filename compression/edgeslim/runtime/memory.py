"""Resident memory of running a model, measured in a process that does nothing else.

`python -m edgeslim.runtime.memory MODEL THREADS` prints the measurement as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import ModelError

RUNS = 3


@dataclass(frozen=True, slots=True)
class ResidentMemory:
    """Bytes of physical memory."""

    process: int
    """Peak of the whole process: Python, onnxruntime, the model."""
    model: int
    """What loading and running the model added to that."""

    def to_json(self) -> dict[str, int]:
        return dataclasses.asdict(self)


def resident_memory(path: Path, threads: int = 1) -> ResidentMemory:
    """Load and run the model three times in a fresh process; its peak resident memory. Raises ModelError."""
    command = [sys.executable, "-m", "edgeslim.runtime.memory", str(path.resolve()), str(threads)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        reason = lines[-1].partition(": ")[2] if lines else f"exit code {done.returncode}"
        raise ModelError(
            "memory_not_measured",
            f"The memory of '{path.name}' could not be measured: {reason}",
            "Check that the file loads and that enough memory is free.",
            file=path.name,
            reason=reason,
        )
    return ResidentMemory(**json.loads(done.stdout))


def _measure(path: Path, threads: int) -> ResidentMemory:
    """In the child: the peak before, and after loading and running."""
    import numpy as np
    import onnxruntime  # noqa: F401 - its own size is part of what was there before

    from edgeslim.runtime.session import input_shape, open_session, run

    before = _peak_resident()
    session = open_session(path, threads)
    values = np.zeros(input_shape(session), np.float32)
    for _ in range(RUNS):
        run(session, values)
    peak = _peak_resident()
    return ResidentMemory(process=peak, model=peak - before)


def _peak_resident() -> int:
    """Peak resident bytes of this process since it started.

    Linux's own count is used where it is: getrusage there still shows the parent's peak from before the exec.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    import psutil

    info = psutil.Process().memory_info()
    return int(getattr(info, "peak_wset", info.rss))


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]), int(sys.argv[2])).to_json()))
