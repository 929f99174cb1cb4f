"""Throwing away what can be computed again: what nobody refers to, then what was used least recently."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from edgeslim.artifacts.inventory import BLOBS, KEPT, LOCKS, MODELS, Item, items, mentioned
from edgeslim.artifacts.store import Store


@dataclass(slots=True)
class Swept:
    """What was thrown away: files and bytes by kind; bytes of the store before and after."""

    removed: dict[str, dict[str, int]] = field(default_factory=dict)
    before: int = 0
    after: int = 0


@dataclass(slots=True)
class _Bundle:
    """A file and the records that lead to it: they go together, by the last use of any."""

    files: list[Item] = field(default_factory=list)
    records: list[Item] = field(default_factory=list)

    @property
    def used(self) -> float:
        return max(item.used for item in self.records or self.files)


def sweep(store: Store, keep: Set[str], max_bytes: int | None = None) -> Swept:
    """Remove what nothing refers to; then, while the store is larger than `max_bytes`, what was used least recently.

    To be called by who has the store `alone`. `keep` are hashes and keys that studies refer to; named models' files
    are kept as well.
    """
    found = list(items(store))
    swept = Swept(before=sum(item.bytes for item in found))
    swept.after = swept.before
    models = (item.record() for item in found if item.kind == MODELS and item.is_record)
    keep = keep | mentioned([record for record in models if record is not None])
    bundles, nameless = _bundles(found, keep)
    for item in nameless:
        _remove(item, swept)
    for bundle in sorted(bundles, key=lambda bundle: bundle.used):
        if max_bytes is None or swept.after <= max_bytes:
            break
        # Records first: whoever dies here leaves a file without a name, not a name without its file.
        for item in (*bundle.records, *bundle.files):
            _remove(item, swept)
    for path in (store.root / LOCKS).glob("*-*.lock"):
        if path.name.startswith(("stage-", "deployable-", "delivery-", "predictions-")):
            path.unlink(missing_ok=True)
    return swept


def _bundles(found: list[Item], keep: Set[str]) -> tuple[list[_Bundle], list[Item]]:
    """What may go if there is no room for it, and what nothing leads to."""
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


def _remove(item: Item, swept: Swept) -> None:
    item.path.unlink(missing_ok=True)
    swept.after -= item.bytes
    line = swept.removed.setdefault(item.kind, {"files": 0, "bytes": 0})
    line["files"] += 1
    line["bytes"] += item.bytes
