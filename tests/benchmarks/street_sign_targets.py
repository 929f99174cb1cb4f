"""How small and fast the street-sign detectors get: recipes for the targets, each beside its dense control.

    python tests/benchmarks/street_sign_targets.py [--model street-signs-large] [--steps 2500] [--json]

The control is the uncompressed network with the same fine-tuning: what the training alone gives. On one core, 2,500
steps of the large detector take 50 minutes, and there are three such runs; an accelerator is used where there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.recipe import Recipe
from edgeslim.report.text import table
from edgeslim.studies.trial import TrialResult

RATE = 2e-3


def recipes(steps: int) -> list[Recipe]:
    """The baseline, label-free recipes, and pruned ones beside their dense control."""
    tune = {"step": "fine_tuning", "steps": steps, "learning_rate": RATE}
    less, half = ({"step": "channel_pruning", "ratio": r, "target": "parameters"} for r in (0.3, 0.5))
    int8, fast = {"step": "static_int8"}, {"step": "robust_int8", "latency": 0.4}

    def mixed(bits: float) -> dict[str, Any]:
        return {"step": "mixed_low_bit_weights", "average_bits": bits}

    named: dict[str, list[dict[str, Any]]] = {
        "float32": [],
        "int8, no training": [int8],
        "mixed 3 bits, no training": [mixed(3.0)],
        "mixed 2.5 bits + int8, no training": [mixed(2.5), fast],
        "mixed 2 bits, no training": [mixed(2.0)],
        "mixed 2 bits + int8, no training": [mixed(2.0), fast],
        "dense control": [tune],
        "dense control + int8": [tune, int8],
        "dense control + mixed 2 bits": [tune, mixed(2.0)],
        "channels 30%": [less, tune],
        "channels 30% + int8": [less, tune, int8],
        "channels 30% + mixed 3 bits": [less, tune, mixed(3.0)],
        "channels 50%": [half, tune],
        "channels 50% + int8": [half, tune, int8],
        "channels 50% + mixed 3 bits": [half, tune, mixed(3.0)],
        "channels 50% + mixed 2.5 bits": [half, tune, mixed(2.5)],
        "channels 50% + mixed 2 bits": [half, tune, mixed(2.0)],
        "channels 50% + mixed 2.5 bits + int8": [half, tune, mixed(2.5), fast],
    }
    wanted = {name: made for name, made in named.items() if steps or tune not in made}
    return [Recipe.from_json({"name": name, "steps": made}) for name, made in wanted.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="street-signs-large")
    parser.add_argument("--steps", type=int, default=2500, help="of fine-tuning; 0: only what is not trained")
    parser.add_argument("--store", type=Path, help="data folder (default: the user's)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        trials = workbench.compress(
            given.model,
            "street-signs",
            recipes(given.steps),
            Path(out),
            store=Store(given.store) if given.store else None,
        )
    if given.json:
        json.dump([trial.to_json() for trial in trials], sys.stdout, indent=1)
        return
    print(table([_row(trial, trials[0]) for trial in trials], _HEADERS))


_HEADERS = ["recipe", "download", "smaller", "mAP", "change in points", "latency", "agreement"]


def _row(trial: TrialResult, baseline: TrialResult) -> list[str]:
    assert trial.sizes and baseline.sizes and trial.accuracy and trial.fidelity and trial.latency
    low, high = (100 * end for end in trial.accuracy["paired_ci95"])
    return [
        trial.title,
        f"{trial.sizes.download:,}",
        f"{baseline.sizes.download / trial.sizes.download:.1f}x",
        f"{100 * trial.accuracy['mAP']:.1f}",
        f"{100 * trial.accuracy['paired_delta']:+.2f} [{low:+.2f}, {high:+.2f}]",
        f"{trial.latency.ratio:.2f}x",
        f"{100 * trial.fidelity['agreement']:.1f}%",
    ]


if __name__ == "__main__":
    main()
