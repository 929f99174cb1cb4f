"""Scores of files on held-out images, as they are kept. Reads without torch and onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.artifacts.store import Store
from edgeslim.records import decoded, encoded

KIND = "held-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScore:
    """A file's primary metric on held-out images, and its paired difference from the original there."""

    value: float
    ci95: tuple[float, float] | None
    paired_delta: float
    paired_ci95: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScores:
    """Scores by SHA-256 on so many held-out images."""

    images: int
    files: Mapping[str, FileScore]


def keep_file_scores(store: Store, key: str, scores: FileScores) -> None:
    store.put_record(KIND, key, encoded(scores))


def kept_file_scores(store: Store, key: str) -> FileScores | None:
    """What was kept under the key, if it is sound."""
    found = store.get_record(KIND, key)
    return None if found is None else decoded(FileScores, found)
