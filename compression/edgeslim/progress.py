"""Progress is data: a callable that receives what is being done and how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """`message` is a code (such as 'fine_tuning'), never a sentence; `total` 0 means unknown."""

    def __call__(self, message: str, done: int, total: int) -> None: ...


def silent(message: str, done: int, total: int) -> None:
    """Progress that nobody listens to."""
