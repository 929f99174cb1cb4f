"""The study that comes with EdgeSlim: reading it, and publishing a study as such."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import edgeslim
from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import StudyError
from edgeslim.jobs import supervisor
from edgeslim.report.info import worth_it
from edgeslim.studies.study import StudyResult
from edgeslim.studies.timing import content_of, made_here, retimed

SAMPLE_STUDY = Path(edgeslim.__file__).resolve().parents[2] / "sample_models" / "study"
_STUDY = "study.json"


def sample_study(folder: Path = SAMPLE_STUDY) -> StudyResult | None:
    """The published study, with `file` an absolute path for the trials whose file was published, else None.

    None if nothing is published there.
    """
    try:
        study = StudyResult.from_json(json.loads((folder / _STUDY).read_bytes()))
    except FileNotFoundError:
        return None
    trials = (replace(t, file=str(folder / t.file)) if t.file else t for t in study.trials)
    return replace(study, trials=tuple(trials))


def sample_version(folder: Path = SAMPLE_STUDY) -> str | None:
    """What differs once another study is published; None if there is none."""
    try:
        return f"{folder} {(folder / _STUDY).stat().st_mtime_ns}"
    except FileNotFoundError:
        return None


def sample_file(sha256: str, folder: Path = SAMPLE_STUDY) -> Path | None:
    """The published file of that hash, if there is one."""
    path = folder / f"{sha256}.onnx"
    return path if path.exists() else None


def publish_study(
    name: str,
    to: Path = SAMPLE_STUDY,
    store: Store | None = None,
    *,
    also: Sequence[int] = (),
    timed_here: bool = False,
) -> list[Path]:
    """Write the study (study.json), its baseline's file, the headline's and those of its front into the folder `to`.

    A file on the front that is not smaller than the baseline (a control that was only trained on) stays out, unless it
    is among `also`, numbers of further trials. `timed_here`: with the newest timing of this machine (`time_study`) in
    place of the study's own. What was published there before is replaced. Raises StudyError if the study is not
    complete, or was not timed here.
    """
    store = store or Store()
    result = supervisor.load(store, name)
    if timed_here:
        timing = made_here(store, content_of(result))
        if timing is None:
            raise StudyError("not_timed_here", name=name)
        result = retimed(result, timing)
    if result.state != "complete":
        raise StudyError("study_not_complete", name=name)
    chosen = {*result.front, result.baseline, worth_it(result)}
    files = {trial.sha256: store.path(trial.sha256) for trial in result.trials if trial.sha256}
    downloads = {trial.number: trial.sizes.download for trial in result.trials if trial.sizes}
    assert result.baseline is not None, "a complete study has a baseline"
    limit = downloads[result.baseline]
    published = {
        trial.sha256
        for trial in result.trials
        if trial.sha256
        and (trial.number in also or (trial.number in chosen and downloads[trial.number] <= limit))
    }
    study = result.to_json()
    for trial in study["trials"]:
        trial["file"] = f"{trial['sha256']}.onnx" if trial["sha256"] in published else None
    shutil.rmtree(to, ignore_errors=True)
    for sha256 in published:
        write_atomically(to / f"{sha256}.onnx", files[sha256].read_bytes())
    write_atomically(to / _STUDY, json.dumps(study, indent=1, ensure_ascii=False).encode())
    return sorted(to.iterdir())
