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

from edgeslim.artifacts.store import write_atomically
from edgeslim.errors import EdgeSlimError, StoreError, StudyError
from edgeslim.studies.addresses import no_driver, parsed, patience, place, shown, told
from edgeslim.studies.folders import POINTER

SLOW, REMEMBERED = 1.0, 15.0
"""Seconds after which a failure to connect is remembered, and for how long: a list of studies asks for each."""
_KEY = "folder key"

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
        pointer = {"url": shown(parsed(url)), "study": study, "key": key}
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
        raise StudyError("study_damaged", name=folder.name, path=path) from error
    if (type(address), type(study), type(key)) != (str, int, str):
        raise StudyError("study_damaged", name=folder.name, path=path)
    url = parsed(address)
    if given is not None and place(parsed(given)) == place(url):
        url = parsed(given)
    storage = _open(url.render_as_string(hide_password=False))
    try:
        found = storage.get_study_user_attrs(study)
    except KeyError:
        found = {}
    if found.get(_KEY) != key:
        raise StudyError("study_not_in_database", name=folder.name, storage=shown(url), path=path)
    return storage, study


def names_taken(url: str) -> set[str]:
    """Names of all studies in the database, whosever they are. Raises StoreError."""
    return set(optuna.get_all_study_names(_open(url)))


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
    address = parsed(url)
    try:
        with told(address):
            storage = RDBStorage(url, {"pool_pre_ping": True, "connect_args": patience(address)})
    except ImportError as error:
        module = error.__cause__.name if isinstance(error.__cause__, ImportError) else None
        raise no_driver(address, module or address.drivername) from error
    except RuntimeError as error:  # the tables are of another version of Optuna
        raise StoreError("database_version", storage=shown(address)) from error
    return cast(BaseStorage, _Telling(storage, address))


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
            with told(self._url):
                return found(*args, **kwargs)

        return called


def _rename(storage: BaseStorage, study: int, name: str) -> None:
    """Optuna itself cannot do that. Raises StudyError (study_exists)."""
    engine = cast(RDBStorage, storage).engine
    statement = sqlalchemy.text("UPDATE studies SET study_name = :name WHERE study_id = :study")
    with told(engine.url):
        try:
            with engine.begin() as connection:
                connection.execute(statement, {"name": name, "study": study})
        except sqlalchemy.exc.IntegrityError as error:
            raise StudyError("study_exists", name=name) from error
