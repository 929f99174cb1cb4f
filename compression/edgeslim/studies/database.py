"""Studies in a database: any that Optuna's RDB storage takes, by its URL. Passwords are never shown nor kept.

A study's folder names its database and the study in it (`POINTER`): the study stays in that database and belongs to that
folder, whose locks say which process runs it. A key on both sides distinguishes it from another study of that name.
"""

from __future__ import annotations

import atexit
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from functools import wraps
from pathlib import Path
from typing import Any, cast

import optuna
import sqlalchemy
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from sqlalchemy.engine import URL

from edgeslim.artifacts.store import STORAGE_VARIABLE, write_atomically
from edgeslim.errors import EdgeSlimError, StoreError, StudyError
from edgeslim.studies.folders import POINTER, damaged, exists

CONNECTING, LOCKED = 10, 10
"""Seconds until a database counts as unreachable, and as locked (drivers not known here have their own)."""
SLOW, REMEMBERED = 1.0, 15.0
"""Seconds after which a failure to connect is remembered, and for how long: a list of studies asks for each."""
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_KEY = "folder key"
_EXAMPLES = "postgresql+psycopg://user:password@host/database or sqlite:////folder/studies.db"
_PACKAGES = {"psycopg": '"psycopg[binary]"', "psycopg2": '"psycopg[binary]"', "MySQLdb": "mysqlclient"}
_LOCKED_WORDS = ("database is locked", "lock timeout", "lock wait timeout", "deadlock")

_OPEN: dict[str, BaseStorage] = {}
"""By URL: being connected costs more than any question."""
_FAILED: dict[str, tuple[float, StoreError]] = {}
"""By URL: until when what error is remembered."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


@contextmanager
def new_study(
    url: str, unfinished: Path, folder: Path, directions: Sequence[StudyDirection]
) -> Iterator[tuple[BaseStorage, int]]:
    """A study to be filled. Then its folder, `unfinished` until now, becomes `folder`, and the study gets its name.

    If an error occurs meanwhile, nothing changes; a killed process leaves at most a nameless study in the database.
    Raises StoreError, StudyError (study_exists), OSError if there is such a folder.
    """
    key = secrets.token_hex(16)
    storage = _open(url)
    study = storage.create_new_study(directions, f".new-{key}")
    try:
        storage.set_study_user_attr(study, _KEY, key)
        pointer = {"url": shown(_parsed(url)), "study": study, "key": key}
        write_atomically(unfinished / POINTER, json.dumps(pointer, indent=1).encode())
        yield storage, study
        unfinished.rename(folder)
        try:
            _rename(storage, study, folder.name)
        except EdgeSlimError:
            folder.rename(unfinished)
            raise
    except BaseException:
        with suppress(StoreError):
            storage.delete_study(study)
        raise


def open_study(folder: Path, given: str | None) -> tuple[BaseStorage, int]:
    """The study that the folder points to. `given` is the URL in use, which may know the database's password.

    Raises StoreError; StudyError (study_not_in_database, study_damaged).
    """
    path = folder / POINTER
    try:
        pointer = json.loads(path.read_bytes())
        address, study, key = pointer["url"], pointer["study"], pointer["key"]
    except (ValueError, KeyError, TypeError) as error:  # no JSON, no UTF-8, or not such an object
        raise damaged(folder.name, path) from error
    if (type(address), type(study), type(key)) != (str, int, str):
        raise damaged(folder.name, path)
    url = _parsed(address)
    if given is not None and _place(_parsed(given)) == _place(url):
        url = _parsed(given)
    storage = _open(url.render_as_string(hide_password=False))
    try:
        found = storage.get_study_user_attrs(study)
    except KeyError:
        found = {}
    if found.get(_KEY) != key:
        raise StudyError(
            "study_not_in_database",
            f"The database '{shown(url)}' does not have study '{folder.name}' (any more).",
            f"If the database has moved, mend its address in '{path}'; else delete the study.",
            name=folder.name,
            storage=shown(url),
            path=path,
        )
    return storage, study


def names_taken(url: str) -> set[str]:
    """Names of all studies in the database, whosever they are. Raises StoreError."""
    return set(optuna.get_all_study_names(_open(url)))


def shown(url: URL) -> str:
    """The URL without secrets."""
    return _bare(url).render_as_string()


@atexit.register
def close() -> None:
    """Close all connections and forget failures; a new connection is made when it is needed."""
    _FAILED.clear()
    while _OPEN:
        storage = cast(RDBStorage, _OPEN.popitem()[1])
        storage.remove_session()
        storage.engine.dispose()


def _open(url: str) -> BaseStorage:
    """The database, with its tables made if need be; connections are kept. Raises StoreError.

    What took long to fail is not tried again at once, but fails with the same error.
    """
    if url in _OPEN:
        return _OPEN[url]
    began = time.monotonic()
    if url in _FAILED and began < _FAILED[url][0]:
        raise copy(_FAILED[url][1])
    try:
        return _OPEN.setdefault(url, _opened(url))
    except StoreError as error:
        now = time.monotonic()
        if now - began >= SLOW:
            _FAILED[url] = (now + REMEMBERED, copy(error))
        raise


def _opened(url: str) -> BaseStorage:
    parsed = _parsed(url)
    try:
        with _told(parsed):
            storage = RDBStorage(url, {"pool_pre_ping": True, "connect_args": _patience(parsed)})
    except ImportError as error:
        module = error.__cause__.name if isinstance(error.__cause__, ImportError) else None
        raise _no_driver(parsed, module or parsed.drivername) from error
    except RuntimeError as error:  # the tables are of another version of Optuna
        raise StoreError(
            "database_version",
            f"The tables in '{shown(parsed)}' are of another version of Optuna.",
            "Upgrade them with `optuna storage upgrade`, or give another database.",
            storage=shown(parsed),
        ) from error
    return cast(BaseStorage, _Telling(storage, parsed))


class _Telling:
    """An Optuna storage that raises StoreError for errors of its database."""

    def __init__(self, storage: RDBStorage, url: URL) -> None:
        self._storage, self._url = storage, url

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._storage, name)
        if not callable(found):
            return found

        @wraps(found)
        def called(*args: Any, **kwargs: Any) -> Any:
            with _told(self._url):
                return found(*args, **kwargs)

        return called


@contextmanager
def _told(url: URL) -> Iterator[None]:
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error.__cause__ if isinstance(error, optuna.exceptions.StorageInternalError) else error
        reason = " ".join(str(getattr(cause, "orig", None) or cause).split()).rstrip(".?")
        if url.password:
            reason = reason.replace(str(url.password), "***")
        if any(words in reason.lower() for words in _LOCKED_WORDS):
            raise StoreError(
                "database_locked",
                f"Somebody else has kept the database '{shown(url)}' locked for {LOCKED} seconds.",
                "Wait for them to finish, or end what holds the lock; then go on.",
                storage=shown(url),
                seconds=LOCKED,
            ) from error
        raise StoreError(
            "database_unreachable",
            f"The database '{shown(url)}' cannot be used: {reason}.",
            f"Check that it runs, and its address and password (--storage or {STORAGE_VARIABLE}); then go on.",
            storage=shown(url),
            reason=reason,
            variable=STORAGE_VARIABLE,
        ) from error


def _rename(storage: BaseStorage, study: int, name: str) -> None:
    """Optuna itself cannot do that. Raises StudyError (study_exists)."""
    engine = cast(RDBStorage, storage).engine
    statement = sqlalchemy.text("UPDATE studies SET study_name = :name WHERE study_id = :study")
    with _told(engine.url):
        try:
            with engine.begin() as connection:
                connection.execute(statement, {"name": name, "study": study})
        except sqlalchemy.exc.IntegrityError as error:
            raise exists(name) from error


def _parsed(url: str) -> URL:
    """The URL, a database file's path made absolute: processes work in different folders. Raises StoreError."""
    try:
        parsed = sqlalchemy.make_url(url)
        parsed.get_dialect()
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:  # it may hold a password: not to be repeated
        raise _no_url() from error
    if parsed.get_backend_name() != "sqlite":
        return parsed
    if parsed.database in (None, "", ":memory:"):
        raise _no_url()
    return parsed.set(database=str(Path(str(parsed.database)).expanduser().absolute()))


def _no_url() -> StoreError:
    return StoreError(
        "database_url",
        "The storage that was given is no address of a database that processes can share.",
        f"Give one such as {_EXAMPLES}.",
        examples=_EXAMPLES,
    )


def _no_driver(url: URL, module: str) -> StoreError:
    package = _PACKAGES.get(module, module)
    start = "postgresql+psycopg" if module == "psycopg2" else url.drivername
    return StoreError(
        "database_driver",
        f"The database '{shown(url)}' needs a Python package that is not installed.",
        f"Run: pip install {package}; the address then begins with {start}://.",
        storage=shown(url),
        package=package,
        start=start,
    )


def _patience(url: URL) -> dict[str, Any]:
    """How long the driver waits to be connected, and for locks."""
    if url.get_backend_name() == "sqlite":
        return {"timeout": LOCKED}
    patience: dict[str, Any] = {"connect_timeout": CONNECTING}
    if url.get_backend_name() == "postgresql" and url.get_driver_name().startswith("psycopg"):
        patience["options"] = f"-c lock_timeout={LOCKED}s"
    elif url.get_driver_name() in ("mysqldb", "pymysql"):
        patience["init_command"] = f"SET SESSION innodb_lock_wait_timeout = {LOCKED}"
    else:
        return {}
    return {key: value for key, value in patience.items() if key not in url.query}


def _place(url: URL) -> tuple[Any, ...]:
    """The identity of the database, the same for every user and password."""
    name = url.get_backend_name()
    return name, url.host, url.port or _PORTS.get(name), url.database, url.query.get("host")


def _bare(url: URL) -> URL:
    """Without secrets."""
    query = {key: value for key, value in url.query.items() if "pass" not in key}
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query)
