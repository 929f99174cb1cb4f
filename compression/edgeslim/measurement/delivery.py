"""A made file as other runtimes take it: delivered in their format, and scored in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.errors import EdgeSlimError, StoreError
from edgeslim.evaluation import judge
from edgeslim.measurement.workload import Workload
from edgeslim.metrics.size import download_bytes
from edgeslim.progress import Progress
from edgeslim.runtime import FILE_FORMATS, installed
from edgeslim.runtime.base import Conversion, FileFormat
from edgeslim.runtime.figures import RuntimeFigures

DELIVERIES = "deliveries"
"""Record kind in the store."""


def deliver(sha256: str, to: FileFormat, workload: Workload, store: Store) -> str:
    """SHA-256 of the ONNX file `sha256` in another format; converted once. Raises ModelError, StoreError.

    Where nothing is installed that converts, it is what was converted last.
    """
    conversion = Conversion(workload.model.spec, workload.data.calibration if to.needs_images else None)
    key, last = (_key(sha256, to, version, conversion) for version in (to.version(), ""))
    with store.lock(f"delivery-{last}"):
        record = store.get_record(DELIVERIES, key)
        if record is None or not store.path(record["sha256"], to.suffix).exists():
            record = {"sha256": store.put(to.convert(store.path(sha256), conversion), to.suffix)}
            store.put_record(DELIVERIES, key, record)
            store.put_record(DELIVERIES, last, record)
    return str(record["sha256"])


def _key(sha256: str, to: FileFormat, version: str, conversion: Conversion) -> str:
    images = None if conversion.images is None else conversion.images.fingerprint
    decisive = [__version__, sha256, to.name, version, conversion.spec.to_json(), images]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]


def figures_in(
    name: str,
    sha256: str,
    baseline: str,
    workload: Workload,
    images: Split,
    store: Store,
    threads: int,
    progress: Progress,
) -> RuntimeFigures:
    """All but the latency of the ONNX file `sha256` in the runtime of that name, scored on `images`.

    `baseline` is the original's. What goes wrong in the runtime is among the figures. Raises StoreError.
    """
    runtime = installed(name)
    to = FILE_FORMATS.get(runtime.format)
    figures = RuntimeFigures(version=runtime.version(), format=to.name, suffix=to.suffix)
    progress("delivering", 0, 0)
    try:
        figures = replace(figures, notices=tuple(to.notices(store.path(sha256))))
        delivered = deliver(sha256, to, workload, store)
        path = store.path(delivered, to.suffix)
        judged = judge(
            path,
            workload.model.spec,
            images,
            workload.labels,
            store,
            runtime=runtime,
            baseline=store.path(baseline),
            threads=threads,
            progress=progress,
        )
    except StoreError:
        raise
    except EdgeSlimError as error:
        return replace(figures, error=error.record())
    content = path.read_bytes()
    return replace(
        figures,
        sha256=delivered,
        bytes=len(content),
        download=download_bytes(content),
        accuracy=judged.accuracy,
        fidelity=judged.fidelity,
        resamples=judged.resamples,
    )
