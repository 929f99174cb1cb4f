"""A PostgreSQL server of one's own, in a folder for temporary files, on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "wholly-secret"
_SETTINGS = "-c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"


@dataclass(frozen=True)
class Postgres:
    """`url` has the password, `shown` is what may be shown of it."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://edgeslim:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def shown(self) -> str:
        return self.url.replace(f":{PASSWORD}", "")

    def start(self) -> None:
        options = f"{_SETTINGS} -p {self.port} -k {self.folder}"
        log = str(self.folder / "log.txt")
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """At once, as if it had crashed."""
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")


@contextmanager
def serving() -> Iterator[Postgres]:
    """A running server, empty; without one installed the test is skipped, but never in CI."""
    _program("initdb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Postgres(Path(tempfile.mkdtemp(prefix="edgeslim-postgres-")), free.getsockname()[1])
    try:
        secret = server.folder / "password"
        secret.write_text(PASSWORD)
        if user := _account():
            for path in (server.folder, secret):
                shutil.chown(path, user)
        where = ["-D", str(server.folder / "data"), "-U", "edgeslim", "--pwfile", str(secret)]
        _run("initdb", *where, "--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C")
        server.start()
        yield server
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()
    finally:
        shutil.rmtree(server.folder)


def _program(name: str) -> str:
    """Debian keeps the server's programs out of the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found := shutil.which(name) or (debian and str(debian[-1])):
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("CI has to test studies in a database, but there is no PostgreSQL here")
    pytest.skip("no PostgreSQL on this machine")


def _account() -> str | None:
    """The server refuses to be run by root."""
    return None if os.getuid() else "nobody"


def _run(program: str, *arguments: str) -> None:
    # To a file, not a pipe: the server inherits it and would keep it open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [_program(program), *arguments],
            user=_account(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
        )
        output.seek(0)
        assert done.returncode == 0, output.read()
