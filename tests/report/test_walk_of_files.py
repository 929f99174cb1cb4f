"""The walk from the original to the smallest file."""

from dataclasses import replace
from typing import Any

import pytest

from edgeslim.records import Sizes
from edgeslim.report.walk import MOST, walk
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


@pytest.fixture
def studied(study: dict[str, Any]) -> StudyResult:
    return StudyResult.from_json(study)


def made(study: StudyResult, figures: list[tuple[int, float]]) -> StudyResult:
    """The study with an original and trials of these downloads and qualities; each surely loses what it loses."""
    pattern = study.original
    assert pattern is not None
    first = figures[0][1]

    def trial(number: int, download: int, quality: float) -> TrialResult:
        loss = quality - first
        told = {
            "mAP": quality,
            "ci95": [quality - 0.01, quality + 0.01],
            "paired_delta": loss,
            "paired_ci95": [loss, loss],
        }
        return replace(
            pattern,
            number=number,
            sizes=Sizes(file=download, download=download, entropy_bound=download),
            accuracy=told,
            latency=None,
        )

    trials = tuple(trial(number, *given) for number, given in enumerate(figures))
    return replace(study, trials=trials, baseline=0, objectives=("mAP", "download"))


def test_stops_are_the_original_the_front_and_the_recommended_file(studied: StudyResult) -> None:
    files = [(1000, 0.70), (500, 0.71), (400, 0.60), (300, 0.695), (100, 0.30), (1200, 0.75)]
    found = walk(made(studied, files), range(6), 0.015)
    assert found is not None
    assert [stop.number for stop in found.stops] == [0, 1, 3, 4]
    assert found.stops[found.start].number == 3
    assert [stop.recommended for stop in found.stops] == [False, False, True, False]
    assert set(found.others) == {(400.0, 0.60), (1200.0, 0.75)}
    assert found.stops[3].bounds == (0.29, 0.31)


def test_files_that_are_not_here_are_no_stops(studied: StudyResult) -> None:
    files = [(1000, 0.70), (500, 0.69), (300, 0.695), (100, 0.30)]
    found = walk(made(studied, files), (0, 1, 3), 0.015)
    assert found is not None
    assert [stop.number for stop in found.stops] == [0, 1, 3]
    assert found.start == 2, "what is recommended is not here: begin at the smallest"
    assert walk(made(studied, files), (1, 2, 3), 0.015) is None


def test_a_study_in_which_nothing_is_smaller_has_no_walk(studied: StudyResult) -> None:
    assert walk(made(studied, [(1000, 0.70), (1001, 0.9)]), (0, 1), 0.015) is None


def test_of_a_long_front_the_ends_and_the_recommended_file_stay(studied: StudyResult) -> None:
    files = [(100_000, 0.9), *((50_000 - 1000 * k, 0.8 - 0.01 * k) for k in range(30)), (1000, 0.1)]
    found = walk(made(studied, files), range(len(files)), 0.105)
    assert found is not None
    sizes = [stop.download for stop in found.stops]
    assert len(sizes) == MOST and sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (100_000, 1000)
    assert found.stops[found.start].recommended
