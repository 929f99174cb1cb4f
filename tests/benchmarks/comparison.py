"""What must beat what: each pair of recipes on at least two models, with the paired 95 % interval over images.

    python tests/benchmarks/comparison.py [--only WORD] [--limit IMAGES] [--store FOLDER] [--json]

Random pruning against magnitude, magnitude without recovery against magnitude with it, min-max int8 as tools make it
by default against the robust int8. Models of ../shared/data are left out where it is absent. Exit code 1 if a claim is
not shown (the interval of the gain lies above zero) on two models. Nothing is kept but in the store.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from real_detectors import DATA, coco_setting

from edgeslim.artifacts.store import Store
from edgeslim.evaluation import evaluate
from edgeslim.measurement.workload import Workload, open_workload
from edgeslim.pipeline import run
from edgeslim.recipe import Recipe

Steps = list[dict[str, Any]]
LEAST_MODELS = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """The recipe `better` is more accurate than `worse`."""

    name: str
    model: str
    worse: Steps
    better: Steps


def magnitude(sparsity: float, order: str = "smallest_first") -> dict[str, Any]:
    return {"step": "magnitude_pruning", "sparsity": sparsity, "order": order}


def channels(ratio: float, importance: str) -> dict[str, Any]:
    return {"step": "channel_pruning", "ratio": ratio, "importance": importance, "scope": "uniform"}


def tuning(steps: int) -> dict[str, Any]:
    return {"step": "fine_tuning", "steps": steps}


RANDOM, RECOVERY, INT8 = (
    "magnitude beats random pruning",
    "recovery beats none",
    "robust int8 beats min-max int8",
)
LABEL_FREE: Steps = [
    {"step": "match_statistics"},
    {"step": "distil_from_original", "steps": 100, "batch": 4},
]
MINMAX: Steps = [
    {
        "step": "static_int8",
        "calibration": "minmax",
        "format": "s8s8",
        "per_channel": False,
        "reduce_range": "off",
        "keep_float": "none",
    }
]
ROBUST: Steps = [{"step": "robust_int8"}]
SIGNS, DIGITS, YOLOX, NANODET = "street-signs-medium", "digits-cnn", "yolox_nano", "nanodet_m_320"
CLAIMS = (
    *(
        Claim(RANDOM, model, [magnitude(sparsity, "random"), *after], [magnitude(sparsity), *after])
        for model, sparsity, after in (
            (DIGITS, 0.5, []),
            (SIGNS, 0.3, []),
            (SIGNS, 0.6, [tuning(100)]),
            (YOLOX, 0.1, []),
        )
    ),
    *(
        Claim(RANDOM, model, [channels(ratio, "random"), *after], [channels(ratio, "l2"), *after])
        for model, ratio, after in (
            (DIGITS, 0.3, []),
            (DIGITS, 0.5, [tuning(60)]),
            (SIGNS, 0.1, []),
            (SIGNS, 0.3, [tuning(100)]),
        )
    ),
    *(
        Claim(RECOVERY, model, [step], [step, *recovery])
        for model, step, recovery in (
            (DIGITS, magnitude(0.8), [tuning(60)]),
            (SIGNS, magnitude(0.7), [tuning(200)]),
            (SIGNS, magnitude(0.7), LABEL_FREE),
            (YOLOX, {**magnitude(0.3), "scope": "layer"}, LABEL_FREE),
        )
    ),
    *(Claim(INT8, model, MINMAX, ROBUST) for model in (SIGNS, YOLOX, NANODET)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Accuracies and their paired difference, in the metric's own unit."""

    claim: str
    model: str
    metric: str
    images: int
    worse: str
    worse_accuracy: float
    better: str
    better_accuracy: float
    gain: float
    ci95: tuple[float, float]

    @property
    def shown(self) -> bool:
        return self.ci95[0] > 0


def rows(claims: Iterator[Claim], store: Store, limit: int | None) -> Iterator[Row]:
    for claim in claims:
        workload = opened(claim.model, store, limit)
        worse, better = (Recipe.from_json({"steps": steps}) for steps in (claim.worse, claim.better))
        first, second = (
            store.path(run(recipe, workload.model, workload.data, store).sha256) for recipe in (worse, better)
        )
        scores = [
            evaluate(
                file, workload.model.spec, workload.evaluation, workload.labels, store, baseline=reference
            ).accuracy
            for file, reference in ((first, None), (second, first))
        ]
        weak, strong = scores
        assert weak is not None and strong is not None, "both have labels"
        metric = "mAP" if "mAP" in weak else "top1"
        yield Row(
            claim=claim.name,
            model=claim.model,
            metric=metric,
            images=strong["images"],
            worse=words(claim.worse),
            worse_accuracy=weak[metric],
            better=words(claim.better),
            better_accuracy=strong[metric],
            gain=strong["paired_delta"],
            ci95=tuple(strong["paired_ci95"]),
        )


def words(steps: Steps) -> str:
    """'channel_pruning ratio=0.1 importance=random → fine_tuning steps=100'."""
    return " → ".join(" ".join([step["step"], *_given(step)]) for step in steps)


def _given(step: dict[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in step.items() if name != "step"]


def opened(model: str, store: Store, limit: int | None) -> Workload:
    if model in (YOLOX, NANODET):
        return coco_setting(model, store, limit)
    return open_workload(model, "digits" if model == DIGITS else "street-signs", store, limit=limit)


def line(row: Row) -> str:
    low, high = row.ci95
    cells = [row.claim, row.model, f"{row.metric}, {row.images} images"]
    cells += [row.worse, f"{100 * row.worse_accuracy:.1f}", row.better, f"{100 * row.better_accuracy:.1f}"]
    cells += [f"{100 * row.gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]", "yes" if row.shown else "no"]
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="claims whose name or model contains this")
    parser.add_argument("--limit", type=int, help="evaluate on the first so many images")
    parser.add_argument("--store", type=Path, help="where results are kept")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    chosen = [claim for claim in CLAIMS if options.only in f"{claim.name} {claim.model}"]
    if not DATA.is_dir():
        print(f"{DATA} is not there: real models are left out", file=sys.stderr)
        chosen = [claim for claim in chosen if claim.model not in (YOLOX, NANODET)]
    if not options.json:
        print("| claim | model | measured on | weaker | | stronger | | gain in points | shown |")
        print("|---" * 9 + "|")
    found = []
    for row in rows(iter(chosen), Store(options.store) if options.store else Store(), options.limit):
        found.append(row)
        if not options.json:
            print(line(row), flush=True)
    if options.json:
        json.dump([{**asdict(row), "shown": row.shown} for row in found], sys.stdout, indent=1)
        print()
    models = Counter(claim for claim, _ in {(row.claim, row.model) for row in found if row.shown})
    return int(any(models[claim.name] < LEAST_MODELS for claim in chosen))


if __name__ == "__main__":
    sys.exit(main())
