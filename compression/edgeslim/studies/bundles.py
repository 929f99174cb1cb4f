"""Device bundles: which files were packed for measuring elsewhere, and what they must give there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeslim.artifacts.store import Store
from edgeslim.records import decoded, encoded

BUNDLES = "bundles"
"""Record kind in the store."""
Values = tuple[tuple[tuple[float, ...], ...], ...]
"""Some numbers of each output, for each image: (images, outputs, places)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleEntry:
    """A file in a runtime."""

    trial: int
    title: str
    onnx: str
    """SHA-256 of the trial's ONNX file, which the delivered one was made of."""
    runtime: str
    packages: tuple[str, ...]
    sha256: str
    suffix: str
    """Of the delivered file."""
    places: tuple[tuple[int, ...], ...]
    """For each output the flat indices of the numbers that are compared."""
    reference: Values
    """These numbers as they are here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBundle:
    key: str
    made: str
    """ISO 8601, UTC."""
    study: str
    model: str
    baseline: str
    """SHA-256 of the original's ONNX file, which every bundle holds."""
    images: str
    """SHA-256 of an .npy file: prepared images (N, C, H, W) float32."""
    entries: tuple[BundleEntry, ...]


def keep(store: Store, bundle: DeviceBundle) -> None:
    """Raises StoreError."""
    store.put_record(BUNDLES, bundle.key, encoded(bundle))


def kept(store: Store, key: str) -> DeviceBundle | None:
    """None where no such bundle was made here."""
    record = store.get_record(BUNDLES, key)
    return None if record is None else decoded(DeviceBundle, record)


def with_reference(
    entry: BundleEntry, places: Sequence[Sequence[int]], reference: Sequence[Sequence[Sequence[float]]]
) -> BundleEntry:
    """The entry with what its file gives here."""
    values = tuple(tuple(tuple(numbers) for numbers in image) for image in reference)
    return replace(entry, places=tuple(map(tuple, places)), reference=values)
