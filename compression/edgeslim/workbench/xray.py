"""What in a model could be said with less, what that promises, and whether it came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench.workload import opened_unlabelled

if TYPE_CHECKING:
    from edgeslim.analysis.results import PredictionScores, XRay


def xray(
    model: str | Path,
    dataset: str | Path | None = None,
    *,
    bits: int = 8,
    images: int = 8,
    calibration: str | Path | None = None,
    spec: ModelSpec | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> XRay:
    """The redundancy X-ray, from the store if it was made before.

    Images, of `calibration` or else the dataset, are needed for activations and predictions; without either both
    are None. `bits` is the width at which entropy is told. Raises ModelError, DatasetError.
    """
    from edgeslim.analysis.xray import xray as look

    store = store or Store()
    with store.in_use(), busy(str(model), progress) as progress:
        found, split = opened_unlabelled(
            model, dataset, store, calibration=calibration, spec=spec, progress=progress
        )
        return look(found, split, store, bits=bits, images=images, threads=threads, progress=progress)


def score_predictions(
    model: str | Path,
    dataset: str | Path,
    *,
    techniques: Mapping[str, Sequence[float]] | None = None,
    trials: Sequence[TrialResult] | None = None,
    images: int = 8,
    calibration: str | Path | None = None,
    spec: ModelSpec | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> PredictionScores:
    """The X-ray's predictions against measured output errors of the layers, and against `trials` of this model.

    Sensitivity is measured unless the store has it. Raises EdgeSlimError.
    """
    from edgeslim.analysis.deployed import required
    from edgeslim.analysis.results import PredictionScores
    from edgeslim.analysis.scoring import score_files, score_layers
    from edgeslim.analysis.sensitivity import output_sensitivity
    from edgeslim.analysis.xray import xray as look

    store = store or Store()
    with store.in_use(), busy(str(model), progress) as progress:
        found, split = opened_unlabelled(
            model, dataset, store, calibration=calibration, spec=spec, progress=progress
        )
        seen = required(split)
        looked = look(found, seen, store, images=images, threads=threads, progress=progress)
        measured = output_sensitivity(
            found, seen, store, techniques, images=images, threads=threads, progress=progress
        )
        return PredictionScores(
            model=found.name,
            images=looked.images,
            layers=score_layers(looked.layer_predictions, measured.techniques),
            files=None if trials is None else score_files(looked.predictions or {}, trials),
        )
