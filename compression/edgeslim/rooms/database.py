"""Where rooms lie: the database that new studies go to, else a file of SQLite in the data folder.

Every change of a room raises its version in the same transaction. So changes of one room follow one another, and an
unchanged room costs a look at one row.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Connection, Engine, Row

from edgeslim.artifacts.store import Store, as_store_error
from edgeslim.errors import RoomError
from edgeslim.studies.addresses import engine, told

KIND, FILE = "rooms", "rooms.db"

TABLES = MetaData()
ROOMS = Table(
    "edgeslim_rooms", TABLES,
    Column("code", String(6), primary_key=True),
    Column("created", Float(53), nullable=False),
    Column("expires", Float(53), nullable=False),
    Column("version", Integer, nullable=False),
    Column("teacher", String(64), nullable=False),
    Column("rehearsal", Boolean, nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("pace", String(8), nullable=False),
    Column("lesson", String(40)),
    Column("experiment", String(40)),
)  # fmt: skip
PHASES = Table(
    "edgeslim_room_phases", TABLES,
    Column("room", ForeignKey("edgeslim_rooms.code", ondelete="CASCADE"), primary_key=True),
    Column("lesson", String(40), primary_key=True),
    Column("experiment", String(40), primary_key=True),
    Column("phase", String(8), nullable=False),
)  # fmt: skip
PEOPLE = Table(
    "edgeslim_room_people", TABLES,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("room", ForeignKey("edgeslim_rooms.code", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("name_key", String(400), nullable=False),
    Column("token", String(64), nullable=False),
    Column("joined", Float(53), nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("seen", Float(53), nullable=False),
    Column("lesson", String(40)),
    Column("experiment", String(40)),
    UniqueConstraint("room", "name_key"),
    sqlite_autoincrement=True,  # a number is never given again
)  # fmt: skip
ANSWERS = Table(
    "edgeslim_room_answers", TABLES,
    Column("person", ForeignKey("edgeslim_room_people.number", ondelete="CASCADE"), primary_key=True),
    Column("lesson", String(40), primary_key=True),
    Column("experiment", String(40), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("room", ForeignKey("edgeslim_rooms.code", ondelete="CASCADE"), nullable=False, index=True),
    Column("value", Text, nullable=False),
    Column("given", Float(53), nullable=False),
    Column("alone", Boolean, nullable=False),
)  # fmt: skip
LEAGUES = Table(
    "edgeslim_room_leagues", TABLES,
    Column("room", ForeignKey("edgeslim_rooms.code", ondelete="CASCADE"), primary_key=True),
    Column("study", String(80), nullable=False),
    Column("budget", Integer, nullable=False),
    Column("each", Integer, nullable=False),
    Column("state", String(8), nullable=False),
)  # fmt: skip
ENTRIES = Table(
    "edgeslim_room_entries", TABLES,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("room", ForeignKey("edgeslim_rooms.code", ondelete="CASCADE"), nullable=False, index=True),
    Column("person", ForeignKey("edgeslim_room_people.number", ondelete="CASCADE"), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("recipe", Text, nullable=False),
    Column("entered", Float(53), nullable=False),
    UniqueConstraint("person", "fingerprint"),
)  # fmt: skip

_ENGINES: dict[str, Engine] = {}
_making = Lock()


def url_of(store: Store) -> str:
    """Perhaps with a password: not to be shown."""
    return store.database or f"sqlite:///{store.place(KIND, FILE).absolute()}"


@contextmanager
def reading(store: Store) -> Iterator[Connection]:
    """What is read inside belongs together (in SQLite). Raises StoreError."""
    found = _engine(store)
    with told(found.url), found.connect() as connection:
        yield connection


@contextmanager
def writing(store: Store) -> Iterator[Connection]:
    """All of it or, if an error occurs inside, nothing. Raises StoreError."""
    found = _engine(store)
    with told(found.url), found.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def changing(store: Store, code: str) -> Iterator[tuple[Connection, Row[*tuple[Any, ...]]]]:
    """Change a room that is open: it is this transaction's until the end. Gives the room's row too.

    Raises RoomError (no_room, room_ended), StoreError.
    """
    with writing(store) as connection:
        bump = ROOMS.update().where(ROOMS.c.code == code).values(version=ROOMS.c.version + 1)
        connection.execute(bump)
        row = connection.execute(ROOMS.select().where(ROOMS.c.code == code)).first()
        if row is None or row.expires <= time.time():
            raise RoomError("no_room", room=code)
        if row.ended:
            raise RoomError("room_ended")
        yield connection, row


@atexit.register
def close() -> None:
    """Close all connections; new ones are made when they are needed."""
    while _ENGINES:
        _ENGINES.popitem()[1].dispose()


def _engine(store: Store) -> Engine:
    url = url_of(store)
    found = _ENGINES.get(url)
    if found is None:
        with _making:
            found = _ENGINES.get(url) or _made(url, store)
            _ENGINES[url] = found
    return found


def _made(url: str, store: Store) -> Engine:
    found = engine(url)
    if found.dialect.name == "sqlite":
        folder = Path(str(found.url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise as_store_error(folder, error) from error
        sqlalchemy.event.listen(found, "connect", _set_up)
        sqlalchemy.event.listen(found, "begin", _begin)
    with told(found.url):
        try:
            TABLES.create_all(found)
        except sqlalchemy.exc.DBAPIError:  # perhaps another process has just made them
            TABLES.create_all(found)
    return found


def _set_up(connection: Any, record: object) -> None:
    """Readers do not wait for writers; SQLAlchemy begins transactions, not the driver."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: one that began as a reader would not get to wait for it."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
