"""Why a file lost what it lost, what mends it, and whether the mend was right."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.detections import READING_SCORE
from edgeslim.errors import ModelError, StudyError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands.diagnosing import BEGUN, DIAGNOSES, Diagnose
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.records import RecipeRecord, decoded
from edgeslim.studies import storage
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench.confidence import trial_of
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.files import artifact_bytes, artifact_path
from edgeslim.workbench.planning import reference
from edgeslim.workbench.running import extend_study
from edgeslim.workbench.samples import sample_study
from edgeslim.workbench.steps import read_recipe
from edgeslim.workbench.studies import start_study

if TYPE_CHECKING:
    from edgeslim.analysis.doctor.records import Diagnosis, Finding, Mend
    from edgeslim.analysis.results import PairedChange

IMAGES = 64
"""Validation images at most that a file is examined on."""
ROUNDING = frozenset({"static_int8", "robust_int8", "quantization_aware_training"})
"""Steps after which tensors are rounded to integers."""
INTEGER_RUNS, FLOAT_RUNS = (10, 600), (2, 0)
"""How often an examination runs a file, or what takes as long: for each image, and once."""
STARTING = 6.0
"""Seconds until data and networks are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Where a mended recipe is measured: a study, and its number there once the study has it."""

    study: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A mended trial beside the broken one.

    `right`: what it gains is surely more than nothing; None until measured. Of a cause that acts `elsewhere`, on other
    processors: it cannot act there any more, whatever the file gains here.
    """

    trial: TrialResult
    gained: PairedChange | None
    right: bool | None
    elsewhere: bool = False


def examination(
    study: StudyResult,
    number: int,
    *,
    plan: StudyPlan | None = None,
    threshold: float = READING_SCORE,
    store: Store | None = None,
) -> Diagnose:
    """What is to be asked of a trial's file; equal for all who ask. `plan` is the study's, if it is at hand.

    Raises StudyError.
    """
    trial = trial_of(study, number)
    if trial.sha256 is None:
        raise StudyError("no_such_file", name=study.name, number=number)
    return Diagnose(
        who=study.name,
        plan=plan or _plan(study, store or Store()),
        original="" if study.original is None else study.original.sha256 or "",
        sha256=trial.sha256,
        recipe=trial.recipe,
        stages={f"{place} {stage.step}": stage.sha256 for place, stage in enumerate(trial.stages)},
        threshold=threshold,
    )


def examination_of(
    file: Path,
    model: str | Path,
    dataset: str | Path,
    *,
    recipe: RecipeRecord | None = None,
    threshold: float = READING_SCORE,
    images: int = IMAGES,
    calibration: str | Path | None = None,
    spec: ModelSpec | None = None,
    store: Store | None = None,
) -> Diagnose:
    """What is to be asked of an ONNX file that is fed and read as `model` is. Raises ModelError, DatasetError."""
    from edgeslim.models.library import open_model

    store = store or Store()
    content = _content(file)
    return Diagnose(
        who=Path(file).name,
        plan=StudyPlan(
            model=reference(model),
            dataset=resolve_dataset(dataset, store),
            calibration=None if calibration is None else resolve_dataset(calibration, store),
            spec=spec,
            held_out=0.0,
        ),
        original=open_model(model, store, spec).sha256,
        sha256=store.put(content),
        recipe=recipe,
        threshold=threshold,
        images=images,
    )


def examine(asked: Diagnose, store: Store | None = None, progress: Progress = silent) -> Diagnosis:
    """The diagnosis, in this process unless it is kept. Raises EdgeSlimError."""
    store = store or Store()
    found = diagnosis(asked, store)
    if found is None:
        _bring(asked, store)
        asked.run(store, progress)
        found = diagnosis(asked, store)
    assert found is not None, "it was just made"
    return found


def begin_examining(asked: Diagnose, store: Store | None = None) -> None:
    """The same in a process of its own; see `examining_status`. Raises StudyError (no_file), StoreError."""
    store = store or Store()
    _bring(asked, store)
    errand.begin(store, asked)


def examining_status(asked: Diagnose, store: Store | None = None) -> ErrandStatus | None:
    """How far the examination is; None if it was never begun."""
    return errand.status(store or Store(), asked.key)


def diagnosis(asked: Diagnose, store: Store | None = None) -> Diagnosis | None:
    """What was found, if the file was examined before."""
    return _kept(DIAGNOSES, asked, store or Store())


def diagnosis_so_far(asked: Diagnose, store: Store | None = None) -> Diagnosis | None:
    """What is found of the causes already tried, while the file is examined."""
    return _kept(BEGUN, asked, store or Store())


def examination_seconds(study: StudyResult, number: int, images: int = IMAGES) -> float | None:
    """An estimate for a machine that does nothing else, by the latencies of the two files; None without those."""
    original, trial = study.original, trial_of(study, number)
    if original is None or original.latency is None or trial.latency is None:
        return None
    steps = {str(step["step"]) for step in trial.recipe.steps}
    by_image, more = INTEGER_RUNS if steps & ROUNDING else FLOAT_RUNS
    images = min(images, study.images or images)
    runs = 2 * images * original.latency.median_ms + (by_image * images + more) * trial.latency.median_ms
    return STARTING + runs / 1000


def try_mend(study: StudyResult, number: int, mend: Mend, store: Store | None = None) -> Trial:
    """Have the mended recipe measured: as a new trial of the study, which goes on.

    Where the study is the published one, or its calibration images are to be others, in a study of its own beside the
    broken recipe. Raises StudyError (while the study runs; or 'no_recipe_to_try': a threshold or a specification is
    nothing that is measured anew).
    """
    store, trial = store or Store(), trial_of(study, number)
    if mend.kind not in ("recipe", "calibration"):
        raise StudyError("no_recipe_to_try")
    known = mended_trial(study, mend)
    if mend.kind == "recipe" and known is not None:
        return Trial(study=study.name, number=known.number)
    wanted = mend.recipe or trial.recipe
    if mend.kind == "recipe" and study.name in storage.names(store):
        (added,) = extend_study(study.name, [read_recipe(wanted)], store)
        return Trial(study=study.name, number=added)
    plan = dataclasses.replace(_plan(study, store), name="", preset=None, seeds=1)
    if mend.kind == "calibration":
        plan = dataclasses.replace(plan, calibration=None)
        return Trial(study=start_study(plan, [read_recipe(wanted)], store=store), number=1)
    recipes = [read_recipe(trial.recipe), read_recipe(wanted)]
    return Trial(study=start_study(plan, recipes, store=store), number=2)


def mended_trial(study: StudyResult, mend: Mend) -> TrialResult | None:
    """The study's trial of the mended recipe, if it has one."""
    if mend.kind != "recipe" or mend.recipe is None:
        return None
    fingerprint = read_recipe(mend.recipe).fingerprint()
    return next((each for each in study.trials if each.recipe_fingerprint == fingerprint), None)


def mend_outcome(
    study: StudyResult, number: int, found: Finding, store: Store | None = None
) -> Outcome | None:
    """The mended trial against the broken one; None while the study has no such trial."""
    from edgeslim.analysis.ablation import change

    mended = None if found.mend is None else mended_trial(study, found.mend)
    if mended is None:
        return None
    if not mended.measured:
        return Outcome(trial=mended, gained=None, right=None)
    store = store or Store()
    gained = change(trial_of(study, number), mended, store).primary
    if found.elsewhere:
        right = None if gained is None else not _saturates(mended, store)
        return Outcome(trial=mended, gained=gained, right=right, elsewhere=True)
    right = None if gained is None or gained.ci95 is None else gained.ci95[0] > 0
    return Outcome(trial=mended, gained=gained, right=right)


def _saturates(trial: TrialResult, store: Store) -> bool:
    from edgeslim.analysis.doctor.saturating import possible
    from edgeslim.metrics.graph import load

    sha256 = trial.sha256 or ""
    return possible(load(artifact_bytes(sha256, store), sha256[:12]))


def _kept(kind: str, asked: Diagnose, store: Store) -> Diagnosis | None:
    from edgeslim.analysis.doctor.records import Diagnosis

    record = store.get_record(kind, asked.key)
    return None if record is None else decoded(Diagnosis, record)


def _bring(asked: Diagnose, store: Store) -> None:
    """The published study's files lie outside the store."""
    if not store.path(asked.sha256).exists():
        store.put(artifact_path(asked.sha256, store).read_bytes())


def _plan(study: StudyResult, store: Store) -> StudyPlan:
    published = sample_study()
    if published is not None and published.name == study.name and study.name not in storage.names(store):
        return StudyPlan(model=study.model, dataset=study.dataset)
    return storage.read_plan(store, study.name)


def _content(file: Path) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ModelError("unreadable_model", file=file, reason=error.strerror or "") from error
