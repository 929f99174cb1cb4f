"""Figures in another runtime follow from the table: none of them is declared."""

from dataclasses import replace

import pytest

from edgeslim.errors import EdgeSlimError, StudyError
from edgeslim.records import Latency, RecipeRecord, Sizes
from edgeslim.report.document import study_csv
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.studies.budget import Budget, check_limits, limit_figure, limited_elsewhere, misses
from edgeslim.studies.choice import choose
from edgeslim.studies.figures import FIGURES, axes, columns, limits
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


def trial(number: int, top1: float, elsewhere: RuntimeFigures | None) -> TrialResult:
    return TrialResult(
        number=number,
        state="complete",
        recipe=RecipeRecord(),
        title=f"recipe {number}",
        recipe_fingerprint=str(number),
        model="m",
        sha256="a" * 64,
        sizes=Sizes(1000, 900, 800),
        macs=10**6,
        accuracy={"top1": top1, "ci95": [top1 - 0.02, top1 + 0.02]},
        latency=Latency(2.0, 2.5, 0.5, (0.45, 0.55), 30),
        primary_metric="top1",
        runtimes={} if elsewhere is None else {"tiny": elsewhere},
    )


def tiny(top1: float, size: int, milliseconds: float) -> RuntimeFigures:
    return RuntimeFigures(
        version="1",
        format="t",
        suffix=".t",
        sha256="b" * 64,
        bytes=size,
        download=size // 2,
        accuracy={"top1": top1, "ci95": [top1 - 0.1, top1 + 0.1]},
        latency=Latency(milliseconds, 9.0, milliseconds / 4, (0.1, 3.0), 30),
    )


STUDY = StudyResult(
    name="s",
    state="complete",
    model="m",
    dataset="d",
    baseline=0,
    trials=(trial(0, 0.9, tiny(0.8, 400, 8.0)), trial(1, 0.88, tiny(0.7, 200, 3.0)), trial(2, 0.5, None)),
)


def test_every_figure_but_those_of_the_graph_is_known_in_the_other_runtime() -> None:
    pruned = STUDY.trials[1]
    found = {name: FIGURES.get(f"{name}.tiny").value(pruned, STUDY.original) for name in ("file", "download")}
    assert found == {"file": 200, "download": 100}
    assert FIGURES.get("latency.tiny").value(pruned) == 3.0
    assert FIGURES.get("latency_ratio.tiny").bounds(pruned) == (0.1, 3.0)
    assert FIGURES.get("accuracy.tiny").value(pruned) == 0.7
    assert FIGURES.get("top1.tiny").bounds(pruned) == pytest.approx((0.6, 0.8))
    assert FIGURES.get("loss.tiny").value(pruned, STUDY.original) == pytest.approx(0.2)
    assert FIGURES.get("latency.tiny").value(STUDY.trials[2]) is None
    with pytest.raises(EdgeSlimError, match=r"no figure named “macs\.tiny”"):
        FIGURES.get("macs.tiny")
    assert "latency.tiny" in FIGURES
    assert "macs.tiny" not in FIGURES


def test_axes_columns_limits_and_csv_name_the_runtime_where_there_are_two() -> None:
    names = [each.name for each in axes(STUDY.trials)]
    assert names[names.index("latency") + 1] == "latency.tiny"
    assert "macs.tiny" not in names
    assert {"file.tiny", "latency_ratio.tiny"} <= {each.name for each in columns(STUDY.trials)}
    assert "accuracy.tiny" in [each.name for each in limits(["tiny"])]
    header, _, pruned, alone = study_csv(STUDY).splitlines()
    place = header.split(",").index("latency.tiny")
    assert (pruned.split(",")[place], alone.split(",")[place]) == ("3", "")

    single = replace(STUDY, trials=STUDY.trials[2:])
    assert not [each.name for each in (*axes(single.trials), *columns(single.trials)) if "." in each.name]
    assert ".tiny" not in study_csv(single)


def test_a_budget_limits_what_a_file_is_worth_in_the_other_runtime() -> None:
    budget = Budget({"download.tiny": 150.0, "accuracy.tiny": 0.6})
    assert misses(STUDY.trials[0], budget, STUDY.original) == ("over_download.tiny",)
    assert misses(STUDY.trials[2], budget, STUDY.original) == ("not_measured",)
    assert choose(STUDY, budget).pick == 1
    assert limited_elsewhere(STUDY.trials[0], budget) == {"download.tiny": 200, "accuracy.tiny": 0.8}
    with pytest.raises(StudyError, match=r"cannot limit “macs\.tiny”"):
        limit_figure("macs.tiny")
    with pytest.raises(StudyError) as caught:
        check_limits(budget, ["onnxruntime"])
    assert caught.value.code == "limit_runtime"
    check_limits(budget, ["onnxruntime", "tiny"])
