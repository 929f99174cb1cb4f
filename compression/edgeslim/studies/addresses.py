"""Addresses of databases: reading and showing them, waiting for them, and their errors as ours. No secret is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from sqlalchemy.engine import URL, Engine

from edgeslim.artifacts.store import STORAGE_VARIABLE
from edgeslim.errors import StoreError

CONNECTING, LOCKED = 10, 10
"""Seconds until a database counts as unreachable, and as locked (drivers not known here have their own)."""
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_EXAMPLES = "postgresql+psycopg://user:password@host/database or sqlite:////folder/studies.db"
_PACKAGES = {"psycopg": '"psycopg[binary]"', "psycopg2": '"psycopg[binary]"', "MySQLdb": "mysqlclient"}
_LOCKED_WORDS = ("database is locked", "lock timeout", "lock wait timeout", "deadlock")


def parsed(url: str) -> URL:
    """The URL, a database file's path made absolute: processes work in different folders. Raises StoreError."""
    try:
        found = sqlalchemy.make_url(url)
        found.get_dialect()
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:  # it may hold a password: not to be repeated
        raise StoreError("database_url", examples=_EXAMPLES) from error
    if found.get_backend_name() != "sqlite":
        return found
    if found.database in (None, "", ":memory:"):
        raise StoreError("database_url", examples=_EXAMPLES)
    return found.set(database=str(Path(str(found.database)).expanduser().absolute()))


def engine(url: str) -> Engine:
    """Connections to the database for tables of our own. Raises StoreError."""
    address = parsed(url)
    try:
        with told(address):
            return sqlalchemy.create_engine(address, pool_pre_ping=True, connect_args=patience(address))
    except ImportError as error:
        raise no_driver(address, error.name or address.drivername) from error


def shown(url: URL) -> str:
    """The URL without secrets."""
    return _bare(url).render_as_string()


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Errors of the database as StoreError."""
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error.__cause__ if isinstance(error, optuna.exceptions.StorageInternalError) else error
        reason = " ".join(str(getattr(cause, "orig", None) or cause).split()).rstrip(".?")
        if url.password:
            reason = reason.replace(str(url.password), "***")
        if any(words in reason.lower() for words in _LOCKED_WORDS):
            raise StoreError("database_locked", storage=shown(url), seconds=LOCKED) from error
        raise StoreError(
            "database_unreachable", storage=shown(url), reason=reason, variable=STORAGE_VARIABLE
        ) from error


def no_driver(url: URL, module: str) -> StoreError:
    """The error where the driver `module` cannot be imported."""
    package = _PACKAGES.get(module, module)
    start = "postgresql+psycopg" if module == "psycopg2" else url.drivername
    return StoreError("database_driver", storage=shown(url), package=package, start=start)


def patience(url: URL) -> dict[str, Any]:
    """How long the driver waits to be connected, and for locks."""
    if url.get_backend_name() == "sqlite":
        return {"timeout": LOCKED}
    found: dict[str, Any] = {"connect_timeout": CONNECTING}
    if url.get_backend_name() == "postgresql" and url.get_driver_name().startswith("psycopg"):
        found["options"] = f"-c lock_timeout={LOCKED}s"
    elif url.get_driver_name() in ("mysqldb", "pymysql"):
        found["init_command"] = f"SET SESSION innodb_lock_wait_timeout = {LOCKED}"
    else:
        return {}
    return {key: value for key, value in found.items() if key not in url.query}


def place(url: URL) -> tuple[Any, ...]:
    """The identity of the database, the same for every user and password."""
    name = url.get_backend_name()
    return name, url.host, url.port or _PORTS.get(name), url.database, url.query.get("host")


def _bare(url: URL) -> URL:
    """Without secrets."""
    query = {key: value for key, value in url.query.items() if "pass" not in key}
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query)
