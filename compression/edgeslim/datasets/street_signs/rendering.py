"""Rendering many scenes on all cores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from edgeslim.datasets.street_signs.packed import Packed
from edgeslim.datasets.street_signs.scene import render_scene
from edgeslim.progress import Progress

CHUNK = 50
"""Scenes a worker renders, in one to two seconds; fewer are rendered right here."""

MESSAGE = "rendering_scenes"
_WORKER = "edgeslim.datasets.street_signs.worker"
_ROOT = Path(__file__).parents[3]


def render(seed: int, indices: Sequence[int], progress: Progress) -> Packed:
    """Render the scenes of these indices, in their order. A long range is shared out over the cores.

    The workers are processes started afresh: unlike those of multiprocessing, they do not run the main script
    again, which under Streamlit is the app itself.
    """
    cores = _cores()
    if cores == 1 or len(indices) <= CHUNK or not isinstance(indices, range):
        return _render_here(seed, indices, progress)
    chunks = [indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK)]
    done = 0
    progress(MESSAGE, done, len(indices))
    with ThreadPoolExecutor(cores) as pool:
        futures = {pool.submit(_render_elsewhere, seed, chunk): chunk for chunk in chunks}
        try:
            for future in as_completed(futures):
                future.result()
                done += len(futures[future])
                progress(MESSAGE, done, len(indices))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return Packed.join(future.result() for future in futures)


def _render_here(seed: int, indices: Sequence[int], progress: Progress) -> Packed:
    scenes = []
    for done, index in enumerate(indices):
        progress(MESSAGE, done, len(indices))
        scenes.append((index, render_scene(seed, index)))
    progress(MESSAGE, len(indices), len(indices))
    return Packed.of(scenes)


def _render_elsewhere(seed: int, chunk: range) -> Packed:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", _WORKER, str(seed), str(chunk.start), str(chunk.stop)]
    worker = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Packed.from_bytes(worker.stdout)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
