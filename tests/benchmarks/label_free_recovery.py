"""How far a damaged detector comes back on unlabelled images: YOLOX-Nano, mAP after each stage.

    python tests/benchmarks/label_free_recovery.py [--limit IMAGES] [--only WORD] [--store FOLDER]

Needs the real model and images in ../shared/data, beside the repository. Prints a Markdown table; nothing is kept
but in the store, so a second run is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from real_detectors import Steps, print_recipes

from edgeslim.artifacts.artifact import Artifact
from edgeslim.evaluation import Evaluation

COLUMNS = "damage | recovery | mAP | AP50 | boxes that agree | SQNR dB | recovery s"
MATCH = {"step": "match_statistics"}
SCALES = {"step": "distil_from_original", "steps": 100, "batch": 4}
ALL = {**SCALES, "trainable": "all", "learning_rate": 1e-4}
CHANNELS = {"step": "channel_pruning", "scope": "uniform", "round_to": 1, "reconstruct": "never"}
DAMAGE: dict[str, dict[str, Any]] = {
    "channels 2 %": {**CHANNELS, "ratio": 0.02},
    "channels 10 %": {**CHANNELS, "ratio": 0.1},
    "magnitude 30 %": {"step": "magnitude_pruning", "sparsity": 0.3, "scope": "layer"},
    "magnitude 50 %": {"step": "magnitude_pruning", "sparsity": 0.5, "scope": "layer"},
}
RECOVERY: dict[str, Steps] = {
    "none": [],
    "statistics": [MATCH],
    "statistics + scales": [MATCH, SCALES],
    "statistics + all weights": [MATCH, ALL],
}


def recipes() -> Iterator[tuple[str, Steps]]:
    yield "nothing | none", []
    for damage, step in DAMAGE.items():
        for recovery, steps in RECOVERY.items():
            yield f"{damage} | {recovery}", [step, *steps]


def figures(artifact: Artifact, found: Evaluation) -> list[str]:
    accuracy, fidelity = found.accuracy or {}, found.fidelity or {}
    return [
        *(f"{100 * accuracy[key]:.1f}" for key in ("mAP", "AP50")),
        f"{fidelity['agreement']:.1%}",
        f"{fidelity['sqnr_db']:.1f}",
        f"{sum(stage.seconds for stage in artifact.stages[1:]):.0f}",
    ]


if __name__ == "__main__":
    print_recipes(__doc__, COLUMNS, recipes(), figures)
