"""A database as Optuna and its dashboard open it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from optuna.storages import RDBStorage


@contextmanager
def tables(url: str) -> Iterator[RDBStorage]:
    opened = RDBStorage(url)
    try:
        yield opened
    finally:
        opened.remove_session()
        opened.engine.dispose()
