"""With what the figures of a chart or a table may be compared: which images, which machine, which runtime."""

from __future__ import annotations

from collections.abc import Iterable

from edgeslim.report.machine import machine_of
from edgeslim.report.study_words import StudyWords
from edgeslim.runtime import MAIN
from edgeslim.runtime.environment import environment
from edgeslim.runtime.figures import device_of
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.study import StudyResult

TIMES = ("latency", "latency_ratio")


def comparable(study: StudyResult, names: Iterable[str], words: StudyWords) -> str:
    """Of figures by their names: images for what is scored, the machine for what is timed, versions of other runtimes.

    Sizes and counts are the same anywhere. Empty where nothing is to be said.
    """
    figures = [FIGURES.get(name) for name in dict.fromkeys(names)]
    told = []
    if study.images and any(not figure.cost for figure in figures):
        told.append(words.t("comparable.images", images=study.images, dataset=words.safe(study.dataset)))
    timed = [figure for figure in figures if _base(figure) in TIMES]
    if any(figure.runtime == MAIN for figure in timed) and any(trial.latency for trial in study.trials):
        told.append(words.t("timing.measured_on", machine=words.machine(study)))
    for runtime in dict.fromkeys(figure.runtime for figure in figures if figure.runtime != MAIN):
        told.append(_elsewhere(study, runtime, words))
    return " · ".join(told)


def comparable_pair(images: int, dataset: str, words: StudyWords) -> str:
    """Of two files that were run here on the same images."""
    here = machine_of(environment())
    return words.t(
        "comparable.pair",
        images=images,
        dataset=words.safe(dataset),
        runtime=words.safe(here.runtime),
        processor=words.safe(here.processor),
    )


def _base(figure: Figure) -> str:
    return figure.name.partition(".")[0]


def _elsewhere(study: StudyResult, runtime: str, words: StudyWords) -> str:
    """Of another runtime here, or of a device of one's own."""
    device, version = device_of(runtime), _version(study, runtime)
    if device is None:
        return words.t("comparable.runtime", runtime=words.safe(version))
    version = version.removeprefix(f"{runtime} ")
    return words.t("comparable.device", device=words.safe(device), runtime=words.safe(version))


def _version(study: StudyResult, runtime: str) -> str:
    """A runtime with its version, of the first trial that was measured in it."""
    versions = (trial.runtimes[runtime].version for trial in study.trials if runtime in trial.runtimes)
    return f"{runtime} {next(versions, '')}".rstrip()
