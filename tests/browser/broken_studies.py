"""Studies of a few rendered scenes in which one file is broken on purpose. They are measured here, without processes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import onnx

from broken_files import lower_scores, one_output
from edgeslim.artifacts.store import Store
from edgeslim.datasets.street_signs.dataset import Plan, Scenes
from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.evaluation import evaluate
from edgeslim.export.onnx import to_bytes
from edgeslim.measurement.measure import Measurement, compress_and_score, make_file
from edgeslim.measurement.workload import Workload, open_workload
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.records import Latency, encoded
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.steps.quantization.static_int8 import StaticInt8
from edgeslim.studies.storage import PlannedTrial, StudyJournal, create
from edgeslim.studies.study import StudyPlan

MODEL = "street-signs-small"
LATENCY = Latency(median_ms=2.0, p95_ms=3.0, ratio=1.0, ratio_ci95=(0.9, 1.1), rounds=30)
"""Nobody asks for it here."""


class BrokenStudies:
    """Makes them in a store. `folder` gets the scenes as COCO data sets."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.data = _coco(folder / "scenes", Scenes(store, "validation", Plan(20262, range(24)), silent))
        self.calibration = _coco(
            folder / "others", Scenes(store, "calibration", Plan(20263, range(8)), silent)
        )

    def shared_scale(self) -> str:
        """One output for boxes in pixels and scores, rounded on one scale."""
        model = one_output(self.store)
        plan = dataclasses.replace(self._plan("scale"), model=str(model.path), spec=model.spec)
        return self._made(plan, Recipe((StaticInt8(keep_float="none", images=8),)))

    def saturating(self) -> str:
        """8-bit weights, whose sums leave 16 bits on x86 without VNNI."""
        recipe = Recipe((StaticInt8(format="u8s8", reduce_range="off", images=8),))
        return self._made(self._plan("saturating"), recipe)

    def moved_threshold(self) -> str:
        """All class logits less by two: the file finds the same, at lower scores."""
        return self._made(self._plan("threshold"), Recipe((Float16(),)), lower_scores)

    def _plan(self, name: str) -> StudyPlan:
        return StudyPlan(
            model=MODEL,
            dataset=str(self.data),
            calibration=str(self.calibration),
            name=name,
            workers=1,
            held_out=0.0,
            model_name=MODEL,
            dataset_name="scenes",
        )

    def _made(
        self, plan: StudyPlan, recipe: Recipe, harm: Callable[[onnx.ModelProto], None] | None = None
    ) -> str:
        """The original and one broken file, both measured but for their latency."""
        store, recipes = self.store, (Recipe(), recipe)
        work = open_workload(
            plan.model, plan.dataset, store, calibration=plan.calibration, spec=plan.spec, held_out=0.0
        )
        planned = [PlannedTrial(each.record(), each.title, each.fingerprint()) for each in recipes]
        create(store, plan, planned)
        journal = StudyJournal(store, plan.name)
        for number, each in enumerate(recipes):
            found = compress_and_score(each, work, store)
            if number and harm is not None:
                found = self._harmed(found, harm, work)
            journal.start(number)
            journal.record(number, dict(encoded(found)))
            journal.complete(number, LATENCY, [0.0] * len(plan.objectives))
        journal.note(images=len(work.evaluation), primary_metric="mAP")
        return plan.name

    def _harmed(
        self, found: Measurement, harm: Callable[[onnx.ModelProto], None], work: Workload
    ) -> Measurement:
        """What is measured of the original's file once it is harmed."""
        original = self.store.path(make_file(Recipe(), work, self.store).sha256)
        network = onnx.load(original)
        harm(network)
        sha256 = self.store.put(to_bytes(network))
        scored = evaluate(
            self.store.path(sha256),
            work.model.spec,
            work.evaluation,
            work.labels,
            self.store,
            baseline=original,
        )
        figures = {each.name: getattr(scored, each.name) for each in dataclasses.fields(scored)}
        return dataclasses.replace(found, sha256=sha256, stages=(), **figures)


def _coco(folder: Path, scenes: Scenes) -> Path:
    """The scenes as a COCO data set; its file."""
    folder.mkdir(parents=True)
    images, boxes = [], []
    for place in range(len(scenes)):
        name, picture, target = f"{place}.jpg", scenes.image(place), scenes.target(place)
        (folder / name).write_bytes(scenes.packed.jpeg(place))
        height, width = picture.shape[:2]
        images.append({"id": place, "file_name": name, "width": width, "height": height})
        for (left, top, right, bottom), label in zip(
            target.boxes.tolist(), target.classes.tolist(), strict=True
        ):
            boxes.append(
                {
                    "id": len(boxes),
                    "image_id": place,
                    "category_id": label,
                    "bbox": [left, top, right - left, bottom - top],
                    "area": (right - left) * (bottom - top),
                    "iscrowd": 0,
                }
            )
    classes = [{"id": label, "name": name} for label, name in enumerate(CLASSES)]
    path = folder / "instances.json"
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": classes}))
    return path
