"""Every chart says with what its figures may be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgeslim.report.comparable import comparable, comparable_pair
from edgeslim.report.machine import machine_of
from edgeslim.report.study_words import StudyWords
from edgeslim.runtime.environment import environment
from edgeslim.studies.study import StudyResult

WORDS = StudyWords("en", {}, safe=str)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["download", "macs"], ""),
        (["mAP", "download"], "Scores: the same 304 images of street-signs"),
        (["latency_ratio"], "Latency measured on A Processor (AVX2), 1 thread, onnxruntime 9.8"),
        (
            ["agreement", "latency"],
            "Scores: the same 304 images of street-signs · "
            "Latency measured on A Processor (AVX2), 1 thread, onnxruntime 9.8",
        ),
    ],
)
def test_scores_name_their_images_and_times_their_machine(
    study: dict[str, Any], names: list[str], said: str
) -> None:
    here = {"cpu": "A Processor", "flags": "avx2", "onnxruntime": "9.8"}
    known = replace(StudyResult.from_json(study), images=304, environment=here)
    assert comparable(known, names, WORDS) == said


def test_two_files_that_were_run_here_name_this_machine() -> None:
    here = machine_of(environment())
    said = comparable_pair(40, "signs", WORDS)
    assert said.startswith("Both files on the same 40 images of signs, run by onnxruntime ")
    assert said.endswith(here.processor)
