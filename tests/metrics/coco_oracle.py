"""An independent implementation of COCO's evaluation, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeslim.detections import Annotations, Detections


def evaluated(truths: list[Annotations], predictions: list[Detections], classes: int, folder: Path) -> Any:
    """Detections against the truth, by a library that shares nothing with ours."""
    from hotcoco import COCO, COCOeval

    def xywh(box: Any) -> list[float]:
        x0, y0, x1, y1 = (float(side) for side in box)
        return [x0, y0, x1 - x0, y1 - y0]

    images = [
        {"id": k, "width": 640, "height": 640, "file_name": f"{k}.jpg"} for k in range(1, len(truths) + 1)
    ]
    annotations = [
        {"image_id": image, "category_id": int(label) + 1, "bbox": xywh(box), "area": float(area), "iscrowd": int(crowd)}
        for image, truth in enumerate(truths, 1)
        for box, label, crowd, area in zip(truth.boxes, truth.classes, truth.crowd, truth.area, strict=True)
    ]  # fmt: skip
    results = [
        {"image_id": image, "category_id": int(label) + 1, "bbox": xywh(box), "score": float(score)}
        for image, found in enumerate(predictions, 1)
        for box, label, score in zip(found.boxes, found.classes, found.scores, strict=True)
    ]
    labelled = {
        "info": {},
        "images": images,
        "annotations": [{"id": k, **one} for k, one in enumerate(annotations, 1)],
        "categories": [{"id": k + 1, "name": str(k)} for k in range(classes)],
    }
    (folder / "truth.json").write_text(json.dumps(labelled))
    (folder / "found.json").write_text(json.dumps(results))
    known = COCO(str(folder / "truth.json"))
    evaluation = COCOeval(known, known.load_res(str(folder / "found.json")), "bbox")
    evaluation.evaluate()
    return evaluation
