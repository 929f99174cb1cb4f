"""Facts that many experiments tell: of a measured file, in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.lessons.base import Fact, MeasuredOn

if TYPE_CHECKING:
    from edgeslim.measurement.measure import Measurement
    from edgeslim.measurement.workload import Workload


def file_facts(measured: Measurement) -> dict[str, Fact]:
    """`quality` (mAP or accuracy) with its interval, `change` from the original (paired), `file` and `download`."""
    accuracy = measured.accuracy or {}
    low, high = accuracy.get("ci95") or (None, None)
    below, above = accuracy.get("paired_ci95") or (None, None)
    return {
        "quality": Fact(value=accuracy[measured.primary_metric], unit="share", low=low, high=high),
        "change": Fact(value=accuracy.get("paired_delta") or 0.0, unit="points", low=below, high=above),
        "file": Fact(value=measured.sizes.file, unit="bytes"),
        "download": Fact(value=measured.sizes.download, unit="bytes"),
    }


def measured_on(workload: Workload, machine: str = "") -> MeasuredOn:
    return MeasuredOn(
        model=workload.model.name,
        dataset=workload.dataset,
        images=len(workload.evaluation),
        machine=machine,
    )
