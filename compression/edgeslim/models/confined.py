"""Reading an unknown model file in a process of its own, with limits of time and memory.

A file may loop for ever, ask for all memory or crash a library. It must not take down who opens it, which may be a server
with many users. The process gets the file's bytes and answers with plain data: one line of JSON, then bytes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

import edgeslim
from edgeslim.errors import EdgeSlimError, ErrorRecord, ModelError
from edgeslim.reading import parse_json
from edgeslim.records import decoded, encoded

Made = TypeVar("Made")
Job = Callable[[bytes, str, Any], tuple[dict[str, Any], bytes]]
"""(file's content, its name, JSON) → (JSON, bytes). Importable by name; raises EdgeSlimError."""
SECONDS = 120
"""Of processor time. A network for an edge device takes about two."""
PATIENCE = 3
"""So many times as long may pass on the clock: the machine may be busy."""
MEMORY = 3 << 30
"""Bytes, with COPIES times the file's own on top: it is read, cleaned and opened twice."""
COPIES = 10
_LOOK = 0.1
"""Seconds between two looks at what the process uses."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def confined(
    job: Job, read: Callable[[dict[str, Any], bytes], Made], content: bytes, file: str | Path, given: Any
) -> Made:
    """What `job` makes of the file. Raises ModelError: the job's own, or that it took too much, or crashed.

    `read` checks the answer, as it comes from a process that read what nobody vouches for; it raises ValueError,
    KeyError or TypeError.
    """
    memory = MEMORY + COPIES * len(content)
    request = {"file": str(file), "given": given, "seconds": SECONDS, "memory": memory}
    source = str(Path(edgeslim.__file__).parent.parent)
    path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryFile() as handed:
        handed.write(json.dumps(request).encode() + b"\n" + content)
        handed.seek(0)
        with subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, job.__module__, job.__name__],
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
            stdin=handed,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                answer = _watched(process, file, memory)
            finally:
                process.kill()
    if process.returncode < 0 and signal.Signals(-process.returncode).name in ("SIGXCPU", "SIGALRM"):
        raise _too_long(file)
    head, _, made = answer.partition(b"\n")
    try:
        found = parse_json(head)
        if "error" not in found:
            return read(found, made)
        error = ModelError.of(decoded(ErrorRecord, found["error"]))
    except (ValueError, KeyError, TypeError) as broken:
        code = process.returncode
        raise _crashed(file, f"signal {-code}" if code < 0 else f"exit code {code}") from broken
    raise error


def _watched(process: subprocess.Popen[bytes], file: str | Path, memory: int) -> bytes:
    """What the process answers. Raises ModelError if it takes longer, or more memory, than it may."""
    until = time.monotonic() + PATIENCE * SECONDS
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_LOOK)[0]
        if time.monotonic() > until:
            raise _too_long(file)
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(process.pid).memory_info().rss > memory:
                raise _too_much_memory(file)


def main() -> None:
    """The process's life: read the request and the file, do the job, answer, end."""
    module, name = sys.argv[1:]
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    request = json.loads(sys.stdin.buffer.readline())
    file = request["file"]
    _limit(request["seconds"], request["memory"])
    head, content = dict[str, Any](), b""
    try:
        job: Job = getattr(importlib.import_module(module), name)
        head, content = job(sys.stdin.buffer.read(), file, request["given"])
    except EdgeSlimError as error:
        head = {"error": encoded(error.record())}
    except MemoryError:
        head = {"error": encoded(_too_much_memory(file).record())}
    except Exception as error:  # noqa: BLE001 - a process's top
        head = {"error": encoded(_crashed(file, f"{type(error).__name__}: {error}").record())}
    answers.write(json.dumps(head).encode() + b"\n" + content)
    answers.close()
    os._exit(0)  # without what a damaged library may do at exit


def _limit(seconds: int, memory: int) -> None:
    """Limit this process where the system can do that; whoever started it watches it too."""
    if hasattr(signal, "alarm"):
        signal.alarm(PATIENCE * seconds)  # whoever watches may have died
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    with contextlib.suppress(OSError):  # Linux: where memory runs out, this process is the first to go
        Path("/proc/self/oom_score_adj").write_text("1000")


def _too_long(file: str | Path) -> ModelError:
    return ModelError(
        "model_too_slow",
        f"'{file}' was given up: it could not be opened and run within {SECONDS} seconds of computing.",
        "Choose a model meant for an edge device, and check it for loops without end.",
        file=file,
        seconds=SECONDS,
    )


def _too_much_memory(file: str | Path) -> ModelError:
    limit = f"{MEMORY / 1e9:.1f} GB"
    return ModelError(
        "model_too_hungry",
        f"'{file}' was given up: opening and running it takes more than {limit} of memory.",
        "Choose a model meant for an edge device, or a smaller input size.",
        file=file,
        limit=limit,
    )


def _crashed(file: str | Path, cause: str) -> ModelError:
    return ModelError(
        "model_crashes",
        f"The process that opened '{file}' broke off ({cause[:200]}).",
        "The file is damaged, or holds what onnx or onnxruntime cannot take: export the model again.",
        file=file,
        cause=cause[:200],
    )


if __name__ == "__main__":
    main()
