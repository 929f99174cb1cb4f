"""Which parameters vary, how they are told apart, and which decide whether a recipe is among the best."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.report.importance import Importances, divergence, importances, ranked
from edgeslim.report.parallel import WITHOUT, parallel, parallel_chart
from edgeslim.report.recipe_parameters import Parameter, varied
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult


def trial(number: int, top1: float, download: int, *steps: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": number,
        "state": "complete",
        "recipe": {"name": "", "seed": 0, "steps": list(steps)},
        "title": f"t{number}",
        "recipe_fingerprint": str(number),
        "model": "m",
        "sizes": {"download": download, "file": download},
        "accuracy": {"top1": top1},
        "primary_metric": "top1",
    }


def study(*trials: dict[str, Any]) -> StudyResult:
    return StudyResult.from_json(
        {
            "name": "s", "state": "complete", "model": "m", "dataset": "d", "baseline": 0,
            "trials": [trial(0, 0.9, 1000), *trials], "objectives": ["accuracy", "download"], "budget": {},
        }
    )  # fmt: skip


def pruned(sparsity: float, **more: Any) -> dict[str, Any]:
    return {"step": "magnitude_pruning", "sparsity": sparsity, "scope": "global", **more}


def of(study: StudyResult) -> dict[str, Parameter]:
    return {parameter.key: parameter for parameter in varied(study)}


def test_a_parameter_is_what_differs_and_a_step_that_some_lack_is_one() -> None:
    found = of(study(trial(1, 0.8, 500, pruned(0.5)), trial(2, 0.8, 500, pruned(0.5), {"step": "float16"})))
    assert list(found) == ["float16"]
    assert found["float16"].bins == (None, "with")
    assert found["float16"].bin_of == {1: 0, 2: 1}


def test_a_varied_parameter_stands_for_its_step_too() -> None:
    found = of(
        study(
            trial(1, 0.8, 5, pruned(0.5)),
            trial(2, 0.8, 5, pruned(0.25)),
            trial(3, 0.8, 5, {"step": "float16"}),
        )
    )
    assert list(found) == ["magnitude_pruning.sparsity", "float16"]
    assert found["magnitude_pruning.sparsity"].bins == (None, "0.25", "0.5")
    assert found["magnitude_pruning.sparsity"].bin_of == {1: 2, 2: 1, 3: 0}


def test_parameters_that_separate_the_trials_alike_are_one() -> None:
    trials = [trial(1, 0.8, 5, pruned(0.5, order="x")), trial(2, 0.8, 5, pruned(0.25, order="y"))]
    (only,) = varied(study(*trials))
    assert (only.name, only.same) == ("sparsity", (("magnitude_pruning", "order"),))


def test_many_values_are_put_into_four_bins() -> None:
    (found,) = varied(study(*(trial(n, 0.8, 5, pruned(n / 10)) for n in range(1, 9))))
    assert found.bins == ("0.1 … 0.275", "0.275 … 0.45", "0.45 … 0.625", "0.625 … 0.8")
    assert [found.bin_of[n] for n in range(1, 9)] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_divergence_by_hand() -> None:
    """Among all half and half, among the best three quarters: 2 · 0.25² / 0.5."""
    assert divergence(np.array([3, 1]), np.array([10, 10])) == pytest.approx(0.25)
    assert divergence(np.array([2, 2]), np.array([10, 10])) == 0.0
    assert divergence(np.array([4, 0, 0]), np.array([4, 12, 0])) == pytest.approx(0.75**2 / 0.25 + 0.75)


def forty(decides: bool) -> StudyResult:
    """A search of 40: sparsity decides the size or nothing does, and the scope is a coin."""
    coin = np.random.default_rng(3)
    return study(
        *(
            trial(n, 0.8, int(1000 - 20 * (n if decides else coin.integers(40))), pruned((n // 10 + 1) / 10),
                  *([{"step": "float16"}] if coin.integers(2) else []))
            for n in range(1, 40)
        )
    )  # fmt: skip


def test_what_decides_is_told_from_chance() -> None:
    found = importances(forty(True), "download")
    assert isinstance(found, Importances)
    first, second = found.parameters
    assert (found.trials, found.best) == (39, tuple(range(39, 29, -1)))
    assert (first.parameter.key, first.clear, first.best) == (
        "magnitude_pruning.sparsity",
        True,
        (0, 0, 0, 10),
    )
    # The best share one value that 10 of 39 recipes have.
    assert first.divergence == pytest.approx((1 - 10 / 39) ** 2 / (10 / 39) + 29 / 39)
    assert (second.parameter.key, second.clear) == ("float16", False)
    unclear = importances(forty(False), "download")
    assert unclear is not None and not any(each.clear for each in unclear.parameters)


def test_chance_is_what_draws_at_random_reach() -> None:
    found = importances(forty(True), "download")
    assert found is not None
    second = found.parameters[1]
    draws = np.random.default_rng(9).multivariate_hypergeometric(np.array(second.all), 10, size=20_000)
    above = (divergence(draws, np.array(second.all)) > second.chance).mean()
    assert above <= 0.05 / 2 + 0.005


def test_nothing_is_told_of_few_trials_or_of_recipes_that_are_alike() -> None:
    assert importances(study(*(trial(n, 0.8, n, pruned(n / 20)) for n in range(1, 20)))) is None
    assert importances(study(*(trial(n, 0.8, n, pruned(0.5)) for n in range(1, 40)))) is None
    assert importances(forty(True), "latency_ratio") is None, "nothing was timed"


def test_near_the_front_is_ranked_front_after_front() -> None:
    known = [(0.9, 300), (0.8, 200), (0.85, 400), (0.7, 350), (0.6, 900), (0.5, 950), (0.4, 980), (0.3, 990)]
    found = study(*(trial(n, top1, size, pruned(n / 10)) for n, (top1, size) in enumerate(known, 1)))
    assert ranked(found, "front") == [[1, 2], [3, 4, 5, 6, 7, 8]], "two of eight are enough"
    assert ranked(study(), "front") == []
    assert ranked(found, "top1")[:2] == [[1], [3]]
    assert ranked(found, "download")[0] == [2]


def test_lines_pass_axes_at_their_values_with_the_better_end_of_figures_above() -> None:
    found = study(
        trial(1, 0.8, 500, pruned(0.2)),
        trial(2, 0.6, 100, pruned(0.6)),
        trial(3, 0.7, 300, {"step": "float16"}),
    )
    sparsity = of(found)["magnitude_pruning.sparsity"]
    info = parallel(found, [sparsity], [FIGURES.get("top1"), FIGURES.get("download")], FIGURES.get("top1"))
    first, top1, download = info.axes
    assert first.places == pytest.approx({1: 0.0, 2: 1.0, 3: WITHOUT})
    assert first.ticks == ((WITHOUT, None), (0.0, "0.2"), (1.0, "0.6"))
    assert top1.places == pytest.approx({1: 1.0, 2: 0.0, 3: 0.5})
    assert download.places == pytest.approx({1: 0.0, 2: 1.0, 3: 0.5})
    assert download.ticks == ((0.0, "500 B"), (1.0, "100 B"))
    assert [(line.number, line.shade) for line in info.lines] == [(2, 0.0), (3, pytest.approx(0.5)), (1, 1.0)]
    assert info.bounds == (0.6, 0.8)


def test_each_line_brings_its_trial_back_and_ends_with_a_gap() -> None:
    found = study(trial(1, 0.8, 500, pruned(0.2)), trial(2, 0.6, 100, pruned(0.6)))
    info = parallel(found, list(varied(found)), [FIGURES.get("top1")], FIGURES.get("top1"))
    names = {axis.key: axis.key for axis in info.axes}
    figure = parallel_chart(info, names, "without", bright={2}, selected=1)
    faded, strong, selected = figure.data
    assert [told[0] for told in strong.customdata] == [2, 2, 2]
    assert (list(faded.y[:2]), faded.mode) == ([0.0, 1.0], "lines")
    assert np.isnan(faded.y[2]), "a gap ends the line"
    assert selected.customdata[0][0] == 1
    assert len(parallel_chart(info, names, "without", shown={2}).data) == 1
