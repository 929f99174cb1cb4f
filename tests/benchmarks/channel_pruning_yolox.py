"""How far channels can be pruned from a compact real detector without labels: YOLOX-Nano, mAP on 57 COCO images.

    python tests/benchmarks/channel_pruning_yolox.py [--only WORD] [--limit IMAGES] [--store FOLDER]

80 unlabelled calibration images, none of the evaluation's. Needs the real model and images in ../shared/data, beside
the repository. Prints a Markdown table; nothing is kept but in the store, so a second run is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from real_detectors import Steps, print_recipes

from edgeslim.artifacts.artifact import Artifact
from edgeslim.evaluation import Evaluation

COLUMNS = "pruned | by | way | mAP | change, 95 % | boxes that agree | MMACs | k parameters | download kB | s"
RATIOS = (0.02, 0.05, 0.1, 0.2, 0.3)
MATCH = {"step": "match_statistics"}
DISTIL = {"step": "distil_from_original", "steps": 100, "batch": 4}


def channels(target: str, ratio: float, **parameters: Any) -> dict[str, Any]:
    return {"step": "channel_pruning", "target": target, "ratio": ratio, "round_to": 1, **parameters}


def ways(target: str, ratio: float) -> Iterator[tuple[str, Steps]]:
    """From what any tool does to all that we have."""
    plain = channels(target, ratio, scope="uniform", reconstruct="never")
    taylor = channels(target, ratio, importance="taylor", reconstruct="never")
    rebuilt = channels(target, ratio, importance="taylor", reconstruct="always")
    measured = channels(target, ratio, importance="taylor", reconstruct="always", scope="sensitivity")
    yield "chance", [{**plain, "importance": "random"}]
    yield "L2, every layer alike", [plain]
    yield "L2 + statistics", [plain, MATCH]
    yield "Taylor", [taylor]
    yield "Taylor + statistics", [taylor, MATCH]
    yield "Taylor + reconstruction", [rebuilt]
    yield "sensitivity + reconstruction", [measured]
    yield "sensitivity + reconstruction + distilled", [measured, DISTIL]


def recipes() -> Iterator[tuple[str, Steps]]:
    """Those that train last: they take longest."""
    yield "nothing | 0 % | original", []
    for training in (False, True):
        for target in ("macs", "channels"):
            for ratio in RATIOS:
                for way, steps in ways(target, ratio):
                    if (DISTIL in steps) == training:
                        yield f"{target} | {ratio:.0%} | {way}", steps


def figures(artifact: Artifact, found: Evaluation) -> list[str]:
    accuracy, fidelity = found.accuracy or {}, found.fidelity or {}
    low, high = accuracy.get("paired_ci95", (0.0, 0.0))
    return [
        f"{100 * accuracy['mAP']:.1f}",
        f"{100 * low:.1f} … {100 * high:.1f}",
        f"{fidelity['agreement']:.0%}",
        f"{found.macs / 1e6:.0f}",
        f"{found.params / 1e3:.0f}",
        f"{found.sizes.download / 1000:.0f}",
        f"{sum(stage.seconds for stage in artifact.stages):.0f}",
    ]


if __name__ == "__main__":
    print_recipes(__doc__, COLUMNS, recipes(), figures)
