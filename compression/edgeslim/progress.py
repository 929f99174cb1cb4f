"""Progress is data: a callable that receives what is being done and how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """`message` is a code (such as 'fine_tuning'), never a sentence; `total` 0 means unknown.

    Of a wait (WAITS) `done` and `total` are seconds, and `who` says whom it is for.
    """

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None: ...


WAITS = ("waiting_to_measure", "waiting_while_measured", "waiting_for_same")
"""Codes of waits: to measure latency alone, while somebody does, for another process that makes the same file."""


def silent(message: str, done: int, total: int, who: str = "") -> None:
    """Progress that nobody listens to."""
