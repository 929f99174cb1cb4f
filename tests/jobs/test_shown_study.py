"""`study show --json` after a real study: all that is said of it, and that it fits together."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from edgeslim.cli.main import main

RECIPES: list[list[dict[str, Any]]] = [
    [{"step": "float16"}],
    [{"step": "magnitude_pruning", "sparsity": 0.3}, {"step": "float16"}],
    [{"step": "magnitude_pruning", "sparsity": 0.9}],
    [{"step": "act", "change": 9.0}],
    [{"step": "act", "change": 9.5}, {"step": "float16"}],
]


@pytest.fixture
def study(case: Any, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    file = case.pictures.parent / "recipes.json"
    file.write_text(json.dumps([{"steps": steps} for steps in RECIPES]))
    store = ["--store", str(case.store.root)]
    what = ["--model", str(case.model), "--data", "digits", "--recipes", str(file), "--name", "s"]
    budget = ["--budget", "download=2KB", "--budget", "accuracy=-50"]
    assert main(["study", "run", *what, *budget, "--workers", "2", *store]) == 0
    capsys.readouterr()
    assert main(["study", "show", "s", "--json", *store]) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return shown


def volume(points: list[tuple[float, float]]) -> float:
    """The area that points cover above zero, strip by strip."""
    area, height = 0.0, 0.0
    for x, y in sorted(points, reverse=True):
        area += max(0.0, x) * max(0.0, y - height)
        height = max(height, y)
    return area


def test_everything_that_is_said_of_a_study_fits_together(study):
    trials = {trial["number"]: trial for trial in study["trials"]}
    assert (study["state"], set(trials)) == ("complete", set(range(6)))
    score = {number: trial["accuracy"]["top1"] for number, trial in trials.items()}
    size = {number: trial["sizes"]["download"] for number, trial in trials.items()}

    def beaten(number: int) -> bool:
        return any(
            score[other] >= score[number]
            and size[other] <= size[number]
            and (score[other], size[other]) != (score[number], size[number])
            for other in trials
        )

    assert set(study["front"]) == {number for number in trials if not beaten(number)}
    assert 1 < len(study["front"]) < len(trials)

    fits = [n for n in trials if size[n] <= 2000 and -trials[n]["accuracy"]["paired_delta"] <= 0.5]
    assert 0 not in fits and len(fits) > 1
    choice = study["choice"]
    assert [choice["pick"], choice["runner_up"]] == sorted(fits, key=lambda n: (-score[n], size[n]))[:2]
    assert set(choice["rejected"]) == {str(number) for number in trials if number not in fits}
    why = {reason["code"]: reason["values"] for reason in choice["why"]}
    assert why["most_accurate"] == {"count": len(fits)}
    assert why["runner_up"]["accuracy"] == score[choice["runner_up"]] - score[choice["pick"]]

    reference = study["hypervolume"]["reference"]
    assert reference["download"] == 2000
    gains = [
        ((score[n] - reference["accuracy"]) / (score[0] / 2), math.log2(reference["download"] / size[n]))
        for n in fits
    ]
    assert study["hypervolume"]["value"] == pytest.approx(volume(gains), abs=1e-5)
    assert study["knee"] in set(study["front"]) & set(fits)

    for number, trial in trials.items():
        low, high = trial["accuracy"]["ci95"]
        assert low < score[number] < high
        if number:
            low, high = trial["accuracy"]["paired_ci95"]
            assert low <= trial["accuracy"]["paired_delta"] <= high
        assert 0 < trial["latency"]["median_ms"] <= trial["latency"]["p95_ms"]
    assert trials[0]["latency"]["ratio"] == 1.0
    certainty = study["certainty"]
    timed = {number: trial["latency"] for number, trial in trials.items()}
    width = {number: each["ratio_ci95"][1] - each["ratio_ci95"][0] for number, each in timed.items()}
    assert certainty["noisy"] == [n for n, each in timed.items() if width[n] > 0.2 * each["ratio"]]

    groups = study["groups"]
    assert {0, *study["front"]} <= set(groups["compared"])
    assert max(score, key=lambda number: score[number]) in groups["best"]
    together = [set(one) for one in groups["alike"]]
    pairs = {(pair["first"], pair["second"]): pair for pair in certainty["pairs"]}
    assert {frozenset(pair) for pair in pairs} >= {
        frozenset(pair) for pair in zip(groups["compared"], groups["compared"][1:], strict=False)
    } | {frozenset((choice["pick"], choice["runner_up"]))}
    for (first, second), pair in pairs.items():
        assert pair["difference"] == pytest.approx(score[first] - score[second])
        low, high = pair["bounds"]
        assert pair["distinguishable"] is not (low <= 0 <= high)
        assert pair["distinguishable"] is not any({first, second} <= one for one in together)
        if pair["difference"]:
            assert pair["images_80"] <= pair["images_95"]
            if pair["distinguishable"]:
                assert pair["images_80"] <= pair["images"] == study["images"]

    held_out = study["held_out"]
    claims = {claim["number"]: claim for claim in held_out["trials"]}
    assert {0, *study["front"]} <= set(claims)
    assert (held_out["metric"], held_out["looks"]) == ("top1", 1)
    for number, claim in claims.items():
        assert claim["chosen"] == score[number] != claim["value"]
        assert claim["optimism"] == pytest.approx(claim["chosen"] - claim["value"])
        assert claim["paired_delta"] == pytest.approx(claim["value"] - claims[0]["value"])
        change = score[number] - score[0] - claim["paired_delta"]
        assert claim["change_optimism"] == pytest.approx(change)
    mean = sum(claim["change_optimism"] for number, claim in claims.items() if number) / (len(claims) - 1)
    assert held_out["optimism"]["value"] == pytest.approx(mean)
    low, high = held_out["optimism"]["ci95"]
    assert low <= held_out["optimism"]["value"] <= high
