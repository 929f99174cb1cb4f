"""What class-agnostic suppression changes for the street-sign detectors, on all validation scenes, paired.

    python tests/benchmarks/class_agnostic.py [--json]

Each detector is scored with suppression within a class and across classes, from the same file.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.detections import Detections
from edgeslim.metrics.fidelity import box_iou
from edgeslim.models.catalogue import open_sample
from edgeslim.predictions import predict
from edgeslim.progress import silent
from edgeslim.tasks import task_for

MODELS = ("street-signs-small", "street-signs-medium", "street-signs-large")
SHOWN = 0.3
"""Score from which the screens show a box."""


def doubled(found: Detections, iou: float) -> int:
    """Shown boxes that overlap a shown box of another class with a higher score."""
    shown = found.scores >= SHOWN
    boxes, classes = found.boxes[shown], found.classes[shown]
    rivals = (box_iou(boxes, boxes) > iou) & (classes[:, None] != classes)
    return int(np.triu(rivals).any(axis=0).sum())


def measure(name: str, store: Store) -> dict[str, Any]:
    """mAP, AP50 and doubled boxes within a class and across classes, and the paired change of mAP."""
    model, split = open_sample(name), open_dataset("street-signs", store, silent).split("validation")
    scored, row = {}, {"model": name}
    for kind, across in (("within", False), ("across", True)):
        spec = dataclasses.replace(model.spec, class_agnostic_nms=across)
        found = predict(model.path, spec, split, store)
        scored[kind] = task_for(spec).score(found, split, spec.labels)
        row[kind] = {
            "mAP": scored[kind].figures["mAP"],
            "AP50": scored[kind].figures["AP50"],
            "doubled": sum(doubled(each, spec.nms_iou) for each in found if isinstance(each, Detections)),
            "by_class": scored[kind].figures["by_class"],
        }
    before, after = scored["within"].primary, scored["across"].primary
    assert before is not None and after is not None, "the scenes are labelled"
    change = after - before
    return {**row, "change": change.value, "change_ci95": change.paired_ci95}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(name, Store(Path(folder))) for name in MODELS]
    if given.json:
        json.dump(found, sys.stdout, indent=1)
        return
    for row in found:
        low, high = (100 * bound for bound in row["change_ci95"])
        print(
            f"{row['model']}: mAP {100 * row['within']['mAP']:.2f} → {100 * row['across']['mAP']:.2f} "
            f"({100 * row['change']:+.2f} [{low:+.2f}, {high:+.2f}]), AP50 {100 * row['within']['AP50']:.2f} → "
            f"{100 * row['across']['AP50']:.2f}, boxes with a second label {row['within']['doubled']} → "
            f"{row['across']['doubled']}"
        )


if __name__ == "__main__":
    main()
