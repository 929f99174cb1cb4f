"""How far an int8 file's score moves with rounding errors of its inputs: measured on request, kept by content."""

from __future__ import annotations

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import ScoreNudged
from edgeslim.metrics.resamples import key_of
from edgeslim.runtime.environment import environment
from edgeslim.studies import flips
from edgeslim.studies.flips import RUNS as RUNS
from edgeslim.studies.flips import Flips as Flips
from edgeslim.studies.study import StudyResult
from edgeslim.workbench.errands import absolute, hashed, plan_of, put_in_store


def begin_flips(study: StudyResult, number: int, store: Store | None = None) -> None:
    """Begin to score the trial's file RUNS times more on inputs that differ by rounding errors; see `flips_status`.

    Raises StudyError where its file is not here, computes no integers or was not scored; StoreError.
    """
    store, sha256 = store or Store(), hashed(study, number)
    trial = study.trial(number)
    if trial is None or not trial.flips:
        raise StudyError("nothing_flips", name=study.name, number=number)
    put_in_store((sha256,), store)
    plan = absolute(plan_of(study, store), store)
    errand.begin(store, ScoreNudged(who=study.name, key=_key(study, number, store), plan=plan, sha256=sha256))


def flips_status(study: StudyResult, number: int, store: Store | None = None) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    store = store or Store()
    return errand.status(store, _key(study, number, store))


def flips_of(study: StudyResult, number: int, store: Store | None = None) -> Flips | None:
    """What was found; None where it was not measured on a machine like this one."""
    store = store or Store()
    return flips.kept(store, _key(study, number, store))


def _key(study: StudyResult, number: int, store: Store) -> str:
    """Of what decides the runs: file, data, processor and runtime."""
    plan, here = plan_of(study, store), environment()
    return key_of(
        "flips",
        flips.RUNS,
        hashed(study, number),
        [plan.model, plan.dataset, plan.divided, plan.limit, plan.held_out, plan.classes],
        plan.spec and plan.spec.to_json(),
        [here["cpu"], here["flags"], here["onnxruntime"]],
    )
