"""Reading an untrusted model file in a separate process, with limits on time and memory.

A file may loop for ever, exhaust the memory or crash a library. That must not stop the process that opens it, which may
be a server with many users. The separate process gets the file's bytes and returns one line of JSON, then bytes.
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil

from edgeslim.errors import EdgeSlimError, ErrorRecord, ModelError
from edgeslim.processes import environment_of_child, threads
from edgeslim.reading import parse_json
from edgeslim.records import decoded, encoded

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of CPU time, in seconds, and of memory, in bytes."""

    seconds: int
    memory: int


Job = Callable[[bytes, str, Any], tuple[dict[str, Any], bytes]]
"""(file's content, its name, JSON) → (JSON, bytes). Importable by name; raises EdgeSlimError."""
SECONDS = 120
"""Limit of CPU time. A network for an edge device takes about two seconds."""
PATIENCE = 3
"""Limit of wall-clock time in multiples of SECONDS: the machine may be busy."""
MEMORY = 3 << 30
"""Limit of memory in bytes, to which COPIES times the file's size is added: it is read, cleaned and opened twice."""
COPIES = 10
_LOOK = 0.1
"""Seconds between two checks of the process's memory."""


def confined(
    job: Job,
    read: Callable[[dict[str, Any], bytes], Made],
    content: bytes,
    file: str | Path,
    given: Any,
    limits: Limits | None = None,
) -> Made:
    """The result of `job` for the file. Raises ModelError: the job's own, or for exceeded limits or a crash.

    `read` checks the answer, which comes from a process that has read untrusted data; it raises ValueError, KeyError
    or TypeError. `limits` are those of opening and running a network where none are given.
    """
    limits = limits or Limits(SECONDS, MEMORY)
    limits = replace(limits, memory=limits.memory + COPIES * len(content))
    request = {"file": str(file), "given": given, "seconds": limits.seconds, "memory": limits.memory}
    with tempfile.TemporaryFile() as handed:
        handed.write(json.dumps(request).encode() + b"\n" + content)
        handed.seek(0)
        with subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, job.__module__, job.__name__],
            env=environment_of_child(**threads(1)),
            stdin=handed,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                answer = _watched(process, file, limits)
            finally:
                process.kill()
    if process.returncode < 0 and signal.Signals(-process.returncode).name in ("SIGXCPU", "SIGALRM"):
        raise ModelError("model_too_slow", file=file, seconds=limits.seconds)
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


def _watched(process: subprocess.Popen[bytes], file: str | Path, limits: Limits) -> bytes:
    """The process's answer. Raises ModelError if it exceeds the limit of time or memory."""
    until = time.monotonic() + PATIENCE * limits.seconds
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_LOOK)[0]
        if time.monotonic() > until:
            raise ModelError("model_too_slow", file=file, seconds=limits.seconds)
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(process.pid).memory_info().rss > limits.memory:
                raise _too_much_memory(file, limits)


def main() -> None:
    """The separate process: read the request and the file, run the job, write the answer, exit."""
    module, name = sys.argv[1:]
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not mix with the answer
    request = json.loads(sys.stdin.buffer.readline())
    file, limits = request["file"], Limits(request["seconds"], request["memory"])
    _limit(limits)
    head, content = dict[str, Any](), b""
    try:
        job: Job = getattr(importlib.import_module(module), name)
        head, content = job(sys.stdin.buffer.read(), file, request["given"])
    except EdgeSlimError as error:
        head = {"error": encoded(error.record())}
    except MemoryError:
        head = {"error": encoded(_too_much_memory(file, limits).record())}
    except Exception as error:  # noqa: BLE001 - a process's top
        head = {"error": encoded(_crashed(file, f"{type(error).__name__}: {error}").record())}
    answers.write(json.dumps(head).encode() + b"\n" + content)
    answers.close()
    os._exit(0)  # skips exit handlers, which a damaged library may hang in


def _limit(limits: Limits) -> None:
    """Limit this process where the system supports it; its parent watches it too."""
    if hasattr(signal, "alarm"):
        signal.alarm(PATIENCE * limits.seconds)  # in case the parent has died
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))
    with contextlib.suppress(OSError):  # Linux: if memory runs out, this process is killed first
        Path("/proc/self/oom_score_adj").write_text("1000")


def _too_much_memory(file: str | Path, limits: Limits) -> ModelError:
    limit = f"{limits.memory / 1e9:.1f} GB"
    return ModelError("model_too_hungry", file=file, limit=limit)


def _crashed(file: str | Path, cause: str) -> ModelError:
    return ModelError("model_crashes", file=file, cause=cause[:200])


if __name__ == "__main__":
    main()
