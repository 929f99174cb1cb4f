"""Garbage collection: unreferenced files that can be computed again, then the least recently used ones."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from edgeslim.artifacts.inventory import BLOBS, KEPT, LOCKS, MODELS, Item, Usage, by_kind, items, mentioned
from edgeslim.artifacts.store import Store


@dataclass(frozen=True, slots=True)
class GarbageReport:
    """What was removed, by kind; bytes of the store before and after."""

    before: int
    after: int
    removed: Mapping[str, Usage]
    fits: bool
    """Whether the store is as small as was asked."""


@dataclass(slots=True)
class _Bundle:
    """A file and the records that refer to it: they are removed together, by the last use of any of them."""

    files: list[Item] = field(default_factory=list)
    records: list[Item] = field(default_factory=list)

    @property
    def used(self) -> float:
        return max(item.used for item in self.records or self.files)


def sweep(store: Store, keep: Set[str], max_bytes: int | None = None) -> GarbageReport:
    """Remove unreferenced files; then, while the store is larger than `max_bytes`, the least recently used ones.

    The caller holds the store `alone`. `keep` are hashes and keys that studies refer to; named models' files
    are kept as well.
    """
    found = list(items(store))
    models = (item.record() for item in found if item.kind == MODELS and item.is_record)
    keep = keep | mentioned([record for record in models if record is not None])
    bundles, nameless = _bundles(found, keep)
    removed: list[Item] = []
    before = left = sum(item.bytes for item in found)

    def remove(item: Item) -> None:
        nonlocal left
        item.path.unlink(missing_ok=True)
        removed.append(item)
        left -= item.bytes

    for item in nameless:
        remove(item)
    for bundle in sorted(bundles, key=lambda bundle: bundle.used):
        if max_bytes is None or left <= max_bytes:
            break
        # Records first: dying here leaves an unreferenced file, not a record without its file.
        for item in (*bundle.records, *bundle.files):
            remove(item)
    for path in (store.root / LOCKS).glob("*-*.lock"):
        if path.name.startswith(("stage-", "deployable-", "delivery-", "predictions-")):
            path.unlink(missing_ok=True)
    return GarbageReport(before, left, by_kind(removed), max_bytes is None or left <= max_bytes)


def _bundles(found: list[Item], keep: Set[str]) -> tuple[list[_Bundle], list[Item]]:
    """The units that may be removed, and the unreferenced files."""
    blobs = {item.key: _Bundle([item]) for item in found if item.kind == BLOBS and not item.is_partial}
    others, nameless = [], [item for item in found if item.is_partial and not item.is_young]
    for item in found:
        if item.kind in KEPT or item.kind == BLOBS or item.is_partial or item.key in keep:
            continue
        target = (item.record() or {}).get("sha256") if item.is_record else None
        if target is None:
            others.append(_Bundle([item]))
        elif target in blobs:
            blobs[target].records.append(item)
        else:
            nameless.append(item)
    for key, bundle in blobs.items():
        if key in keep:
            continue
        if bundle.records:
            others.append(bundle)
        elif not bundle.files[0].is_young:
            nameless += bundle.files
    return others, nameless
