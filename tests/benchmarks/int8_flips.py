"""How far the mAP of int8 files moves when inputs differ by rounding errors alone.

Run: python tests/benchmarks/int8_flips.py [--models NAME …] [--recipes NAME …] [--draws N] [--store DIR]

A value at the border of two codes flips with any difference of the input, and what follows from it too; a float network
passes such a difference on as small as it was. Each file is scored on all images as they are, and on inputs in which each
number differs by up to 5e-7 of itself: another library's resizing does as much. Prints mAP, and of the drawn runs lowest,
highest and standard deviation, in points. Needs ../shared/data beside the repository.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from choose_claim import CLAIMED_ON, RECIPES, TUNED_ON, divided
from real_detectors import DATA, NOT_THERE, heading

from edgeslim.artifacts.store import Store
from edgeslim.evaluation import score
from edgeslim.pipeline import run
from edgeslim.recipe import Recipe
from edgeslim.runtime import ONNXRUNTIME
from edgeslim.runtime.nudged import Nudged

SHOWN = ("float32", "int8, robust, VNNI", "int8, robust, AVX2")


def rows(model: str, recipes: Sequence[str], draws: int, store: Store) -> Iterator[str]:
    given = divided(model, store)
    workload = given.workload
    for name in recipes:
        recipe = Recipe.from_json({"steps": RECIPES.get(name, [])})
        path = store.path(run(recipe, workload.model, workload.data, store).sha256)
        values = []
        for runtime in (ONNXRUNTIME, *(Nudged(seed) for seed in range(draws))):
            parts = [
                score(path, workload.model.spec, split, workload.labels, store, runtime=runtime).primary
                for split in (given.choosing, given.claiming)
            ]
            assert parts[0] is not None and parts[1] is not None
            shares = [len(given.choosing), len(given.claiming)]
            values.append(100 * float(np.average([part.value for part in parts], weights=shares)))
        own, drawn = values[0], np.array(values[1:])
        yield (
            f"| {model} | {name} | {own:.2f} | {drawn.min():.2f} … {drawn.max():.2f} | "
            f"{drawn.std(ddof=1):.3f} | {np.abs(drawn - own).max():.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", nargs="+", default=(*TUNED_ON, *CLAIMED_ON), metavar="NAME")
    parser.add_argument("--recipes", nargs="+", default=SHOWN, choices=("float32", *RECIPES), metavar="NAME")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--store", type=Path, help="where files are kept: those of choose_claim.py serve")
    given = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(NOT_THERE)
    print(heading("model | recipe | mAP | drawn runs | standard deviation | farthest"))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(given.store or Path(folder))
        for model in given.models:
            for row in rows(model, given.recipes, given.draws, store):
                print(row, flush=True)


if __name__ == "__main__":
    main()
