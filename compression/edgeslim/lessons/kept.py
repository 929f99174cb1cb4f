"""Outcomes are computed once, kept by content and shared by everybody: those that ship, and those of this store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.lessons.base import LESSONS, Experiment, Lesson, Outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.sample import STUDY, study_content
from edgeslim.models.catalogue import SAMPLES, sample_records
from edgeslim.progress import Progress, silent
from edgeslim.records import decoded, encoded

KIND = "lessons"
SHIPPED = SAMPLES / "lessons"


def key_of(lesson: str, setting: Experiment) -> str:
    """Equal for equal settings of equal experiments on equal models."""
    decisive = [
        lesson,
        setting.name,
        setting.revision,
        setting.values,
        [_content(name) for name in setting.uses],
    ]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]


def outcome(lesson: str, setting: Experiment, store: Store, shipped: Path = SHIPPED) -> Outcome | None:
    """The outcome if it was computed before."""
    record = _record(lesson, setting, store, shipped)
    return None if record is None else decoded(Outcome, record)


def _record(
    lesson: str, setting: Experiment, store: Store, shipped: Path = SHIPPED
) -> Mapping[str, Any] | None:
    key = key_of(lesson, setting)
    found: Mapping[str, Any] | None = _shipped(shipped / f"{lesson}.json").get(key)
    return found or store.get_record(KIND, key)


def computed(lesson: str, setting: Experiment, lab: Lab) -> Outcome:
    """The outcome, from what is kept or computed now. Who wants the same one waits meanwhile. Raises EdgeSlimError."""
    found = outcome(lesson, setting, lab.store)
    if found is not None:
        return found
    record = lab.store.computed(
        KIND, key_of(lesson, setting), lambda: _encoded(run(setting, lab)), lab.progress
    )
    return decoded(Outcome, record)


def run(setting: Experiment, lab: Lab) -> Outcome:
    """The outcome with the seconds it took."""
    import time
    from dataclasses import replace

    began = time.perf_counter()
    found = setting.run(lab)
    return replace(found, seconds=round(time.perf_counter() - began, 2))


def missing(lessons: tuple[Lesson, ...], store: Store) -> list[tuple[str, Experiment]]:
    """All settings without an outcome, the defaults of each experiment first."""
    wanted = [
        (place, lesson.name, setting)
        for lesson in lessons
        for experiment in lesson.all
        for place, setting in enumerate(experiment.grid())
        if _record(lesson.name, setting, store) is None
    ]
    return [(lesson, setting) for _, lesson, setting in sorted(wanted, key=lambda one: one[0] > 0)]


def prepare(
    store: Store, lessons: tuple[Lesson, ...] = (), progress: Progress = silent
) -> list[tuple[str, Experiment, Outcome]]:
    """Compute all that is missing, and return it. Raises EdgeSlimError at the first that cannot be."""
    lab, todo = Lab(store), missing(lessons or tuple(LESSONS), store)
    done: list[tuple[str, Experiment, Outcome]] = []
    for number, (lesson, setting) in enumerate(todo):
        progress("preparing_lessons", number, len(todo))
        done.append((lesson, setting, computed(lesson, setting, lab)))
    return done


def publish(lesson: Lesson, store: Store, folder: Path = SHIPPED) -> Path:
    """Write every outcome of a lesson that is here into the file that ships with the product."""
    found = {
        key_of(lesson.name, setting): _encoded(kept)
        for experiment in lesson.all
        for setting in experiment.grid()
        if (kept := outcome(lesson.name, setting, store, folder)) is not None
    }
    path = folder / f"{lesson.name}.json"
    write_atomically(path, json.dumps(found, separators=(",", ":"), sort_keys=True).encode())
    _shipped.cache_clear()
    return path


def _encoded(found: Outcome) -> dict[str, Any]:
    record: dict[str, Any] = encoded(found)
    return _rounded(record)  # type: ignore[no-any-return]


def _rounded(value: Any) -> Any:
    """Six digits are more than any measured figure has; counts, such as bytes, stay exact."""
    if isinstance(value, float):
        return value if value.is_integer() else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


@cache
def _shipped(path: Path) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found


def _content(name: str) -> str:
    if name == STUDY:
        return study_content()
    return next(str(record["sha256"]) for record in sample_records() if record["name"] == name)
