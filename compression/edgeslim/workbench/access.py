"""Whose studies are whose, and how much of its machine a public demo gives to each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import DATASET_NAMES, MODELS, STUDY_OWNERS
from edgeslim.errors import AccessError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.quotas import DEMO_MINUTES, DEMO_STUDIES, KEPT_BYTES, KEPT_UPLOADS
from edgeslim.studies import storage
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan
from edgeslim.units import format_bytes

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


def claim_study(plan: StudyPlan, store: Store) -> None:
    """Keep whose a study is, and which uploads it shows to whoever sees it; before it is there."""
    names = {
        MODELS: [name for name in store.keys(MODELS) if name == plan.model],
        DATASET_NAMES: [
            name
            for name in store.keys(DATASET_NAMES)
            if (store.get_record(DATASET_NAMES, name) or {}).get("path") in (plan.dataset, plan.calibration)
        ],
    }
    uploads = [[kind, name] for kind, found in names.items() for name in found]
    record = {**visitors.ownership(shared=True), "uploads": uploads}
    if "owner" in record or not all(_may_be_seen_by_all(kind, name, store) for kind, name in uploads):
        store.put_record(STUDY_OWNERS, plan.name, record)


def may_see_study(name: str, store: Store) -> bool:
    """Whether its model and data may be seen. A study from the machine itself, of nobody's uploads, is for all."""
    if visitors.visitor() is None:
        return True
    record = _record(name, store)
    uploads = [store.get_record(kind, upload) for kind, upload in record.get("uploads", ())]
    return all(upload is not None and visitors.may_see(upload) for upload in uploads)


def require_study(name: str, store: Store) -> None:
    """Raise StudyError (no_study) where the visitor may not see it."""
    if not may_see_study(name, store):
        raise StudyError("no_study", name=name)


def require_own_study(name: str, store: Store) -> None:
    """Raise StudyError (no_study), AccessError (not_yours) where the visitor did not start it."""
    require_study(name, store)
    visitors.require_owner(_record(name, store), name)


def may_change_study(name: str, store: Store | None = None) -> bool:
    """Whether the visitor may stop it, go on with it and add to it."""
    return visitors.may_change(_record(name, store or Store()))


def require_turn(store: Store) -> None:
    """Raise AccessError (demo_busy) where a public demo runs as many studies as it may, or one of this visitor."""
    if not visitors.demo():
        return
    running = [name for name in storage.names(store) if supervisor.state(store, name) == "running"]
    who = visitors.visitor()
    own = [name for name in running if who is not None and _record(name, store).get("owner") == who]
    if own or len(running) >= DEMO_STUDIES:
        raise AccessError("demo_busy", studies=DEMO_STUDIES)


def require_space(count: int, store: Store) -> None:
    """Raise AccessError (upload_quota) where the visitor may not keep one more upload of `count` bytes here."""
    if visitors.visitor() is None:
        return
    records = [
        store.get_record(kind, name) or {} for kind in (MODELS, DATASET_NAMES) for name in store.keys(kind)
    ]
    own = [record for record in records if visitors.whose(record) in ("mine", "shared")]
    kept = sum(_bytes(record, store) for record in own)
    if len(own) < KEPT_UPLOADS and kept + count <= KEPT_BYTES:
        return
    most, there, sent = format_bytes(KEPT_BYTES), format_bytes(kept), format_bytes(count)
    raise AccessError("upload_quota", most=KEPT_UPLOADS, bytes=most, count=len(own), kept=there, sent=sent)


def within_demo(plan: StudyPlan, search: SearchRun | None) -> tuple[StudyPlan, SearchRun | None]:
    """What was asked, in a public demo cut to what it gives. Raises AccessError (demo_cluster)."""
    if not visitors.demo():
        return plan, search
    if plan.cluster not in (None, supervisor.HERE):
        raise AccessError("demo_cluster")
    plan = dataclasses.replace(plan, minutes=in_demo(plan.minutes), seeds=1)
    if search is not None:
        search = dataclasses.replace(search, minutes=in_demo(search.minutes))
    return plan, search


def check_teachers(recipes: Iterable[Recipe], store: Store) -> None:
    """Raise ModelError, AccessError where a recipe learns from a model that the visitor may not see."""
    from edgeslim.models.library import is_file, open_model

    if visitors.visitor() is None:
        return
    for teacher in {getattr(step, "teacher", "") for recipe in recipes for step in recipe.steps} - {""}:
        if is_file(teacher):
            visitors.require_machine()
        open_model(teacher, store)


def in_demo(minutes: float | None) -> float | None:
    """As many minutes as were asked for, in a public demo not more than it gives."""
    return min(minutes or DEMO_MINUTES, DEMO_MINUTES) if visitors.demo() else minutes


def _may_be_seen_by_all(kind: str, name: str, store: Store) -> bool:
    record = store.get_record(kind, name) or {}
    return "owner" not in record or bool(record.get("shared"))


def _bytes(record: Mapping[str, Any], store: Store) -> int:
    """Of a listed model's file, or of an uploaded dataset."""
    path = Path(str(record["path"])) if "path" in record else store.path(str(record["sha256"]))
    return path.stat().st_size if path.exists() else 0


def _record(name: str, store: Store) -> dict[str, Any]:
    return store.get_record(STUDY_OWNERS, name) or {}
