"""A trial's file in the formats of every runtime: measured here, downloaded, and the code that runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import DeployFile
from edgeslim.metrics.resamples import key_of
from edgeslim.runtime import FILE_FORMATS, MAIN, RUNTIMES
from edgeslim.runtime.environment import environment
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.runtime.usage import CHECKED as CHECKED
from edgeslim.studies import deployment
from edgeslim.studies.study import StudyResult
from edgeslim.workbench.errands import absolute, hashed, plan_of, put_in_store
from edgeslim.workbench.files import artifact_bytes, has_artifact

if TYPE_CHECKING:
    from edgeslim.export.tflite.micro import Micro

MICRO = ".tflite"
"""Files that LiteRT Micro takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A trial's file in one runtime, as far as it is known."""

    runtime: str
    version: str
    """As it is installed here; empty where it is not."""
    packages: tuple[str, ...]
    """What pip installs for it."""
    format: str
    suffix: str
    measured: Literal["here", "study", ""]
    """Together with all others on this machine, by the study, or not at all."""
    figures: RuntimeFigures | None


def delivered(study: StudyResult, number: int, store: Store | None = None) -> tuple[Delivered, ...]:
    """The trial's file in every runtime there is, the main one first. Raises StudyError."""
    store = store or Store()
    trial, here = study.trial(number), deployment.kept(store, _key(study, number, store))
    assert trial is not None, "it has a file"
    found = []
    for runtime in sorted(RUNTIMES, key=lambda each: each.name != MAIN):
        own = None if here is None else here.figures.get(runtime.name)
        figures = own or trial.in_runtime(runtime.name)
        found.append(
            Delivered(
                runtime=runtime.name,
                version=runtime.version(),
                packages=tuple(runtime.packages),
                format=runtime.format,
                suffix=FILE_FORMATS.get(runtime.format).suffix,
                measured="here" if own else "study" if figures else "",
                figures=figures,
            )
        )
    return tuple(found)


def begin_deploying(study: StudyResult, number: int, store: Store | None = None) -> None:
    """Begin to convert the trial's file, to score and to time it in all runtimes that are installed.

    See `deploying_status`. Raises StudyError where its file or the original's is not here, StoreError.
    """
    store = store or Store()
    original, sha256 = study.original, hashed(study, number)
    if original is None or original.sha256 is None or not has_artifact(original.sha256, store):
        raise StudyError("original_missing", name=study.name)
    put_in_store((original.sha256, sha256), store)
    plan = absolute(plan_of(study, store), store)
    asked = DeployFile(
        who=study.name,
        key=_key(study, number, store),
        plan=plan,
        baseline=original.sha256,
        sha256=sha256,
        runtimes=_installed(),
    )
    errand.begin(store, asked)


def deploying_status(study: StudyResult, number: int, store: Store | None = None) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    store = store or Store()
    return errand.status(store, _key(study, number, store))


def delivered_file(
    study: StudyResult, number: int, file: Delivered, store: Store | None = None
) -> tuple[bytes, str]:
    """The file in that format, and what to call it. Raises StudyError where it is not here."""
    store = store or Store()
    sha256 = hashed(study, number)
    name = f"{study.model}-{number}{file.suffix}"
    if file.figures is None or file.figures.sha256 in (None, sha256):
        return artifact_bytes(sha256, store), name
    path = store.path(file.figures.sha256 or "", file.suffix)
    if not path.exists():
        raise StudyError("no_delivered_file", format=file.format, number=number)
    return path.read_bytes(), name


def operators(study: StudyResult, number: int, store: Store | None = None) -> Mapping[str, int]:
    """How often the trial's ONNX file uses each operator, the most frequent first. Raises StudyError, ModelError."""
    from edgeslim.metrics.graph import load

    sha256 = hashed(study, number)
    model = load(artifact_bytes(sha256, store), sha256[:12])
    return dict(Counter(node.op_type for node in model.graph.node).most_common())


def usage(study: StudyResult, number: int, file: Delivered, store: Store | None = None) -> Mapping[str, str]:
    """The code that runs the file on a picture, by language; empty where none is known for the runtime.

    Raises StudyError, ModelError.
    """
    from edgeslim.metrics.graph import load
    from edgeslim.runtime.usage import Ports, code, languages
    from edgeslim.workbench.predict import model_spec

    store, sha256 = store or Store(), hashed(study, number)
    known = languages(file.runtime)
    if not known:
        return {}
    graph = load(artifact_bytes(sha256, store), sha256[:12]).graph
    stored = {each.name for each in graph.initializer}
    ports = Ports(
        input=next(each.name for each in graph.input if each.name not in stored),
        outputs=tuple(each.name for each in graph.output),
    )
    plan = plan_of(study, store)
    spec, name = model_spec(plan.model, plan.spec, store), f"{study.model}-{number}{file.suffix}"
    return {language: code(file.runtime, language, name, spec, ports) for language in known}


def _installed() -> tuple[str, ...]:
    """The runtimes of this machine, the main one first."""
    return tuple(sorted((each.name for each in RUNTIMES if each.version()), key=lambda name: name != MAIN))


def _key(study: StudyResult, number: int, store: Store) -> str:
    """Of what decides the figures: files, data, processor, and what is installed."""
    original, plan = study.original, plan_of(study, store)
    here = environment()
    return key_of(
        hashed(study, number),
        original and original.sha256,
        [plan.model, plan.dataset, plan.calibration, plan.limit, plan.held_out, plan.classes],
        plan.spec and plan.spec.to_json(),
        [here["cpu"], here["flags"]],
        [
            [each.name, each.version(), each.format, FILE_FORMATS.get(each.format).version()]
            for each in RUNTIMES
            if each.version()
        ],
    )


def micro(file: Delivered, store: Store | None = None) -> Micro | None:
    """What a .tflite file takes on a microcontroller; None where the file is of another format, or not here.

    Raises ModelError (converter_missing).
    """
    from edgeslim.export.tflite.micro import examine

    content = _tflite(file, store or Store())
    return None if content is None else examine(content)


def micro_header(study: StudyResult, number: int, file: Delivered, store: Store | None = None) -> str:
    """The .tflite file as a C header. Raises StudyError, ModelError."""
    from edgeslim.export.tflite.micro import examine, header

    content, name = delivered_file(study, number, file, store)
    return header(content, name.removesuffix(file.suffix), examine(content))


def _tflite(file: Delivered, store: Store) -> bytes | None:
    if file.suffix != MICRO or file.figures is None or file.figures.sha256 is None:
        return None
    path = store.path(file.figures.sha256, file.suffix)
    return path.read_bytes() if path.exists() else None
