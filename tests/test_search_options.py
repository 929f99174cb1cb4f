"""The shell's words for a search: budgets, objectives, and what cannot be asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.cli.search import read_budget
from edgeslim.errors import StudyError
from edgeslim.jobs import supervisor
from edgeslim.report.choice import choice_lines
from edgeslim.studies.figures import Figure, limits
from edgeslim.studies.storage import study_search
from edgeslim.studies.study import StudyResult
from edgeslim.workbench.studies import StudyStatus


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("download=150KB", {"download": 150_000}),
        ("file=1.2 MB", {"file": 1_200_000}),
        ("memory=900", {"memory": 900}),
        ("macs=50M", {"macs": 50_000_000}),
        ("latency_ratio=0.8", {"latency_ratio": 0.8}),
        ("accuracy=-1.0", {"loss": 0.01}),
        ("accuracy=-0", {"loss": 0.0}),
        ("loss=0.5", {"loss": 0.005}),
        ("accuracy=70", {"accuracy": 0.7}),
        ("accuracy=0.7", {"accuracy": 0.7}),
        ("agreement=0.9", {"agreement": 0.9}),
        ("agreement=90", {"agreement": 0.9}),
    ],
)
def test_limits_are_read(text: str, meant: dict[str, Any]):
    assert read_budget([text]).limits == pytest.approx(meant)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("download=much", "limit_value"),
        ("download=0", "limit_value"),
        ("download", "limit_value"),
        ("latency_ratio=-1", "limit_value"),
        ("latency_ratio=inf", "limit_value"),
        ("accuracy=nan", "limit_value"),
        ("accuracy=200", "limit_value"),
        ("accuracy=0", "limit_value"),
        ("agreement=-0.5", "limit_value"),
        ("speed=3", "unknown_limit"),
        ("latency=0.8", "unknown_limit"),
        ("mAP=70", "unknown_limit"),
    ],
)
def test_what_is_no_limit_is_refused(text: str, code: str):
    with pytest.raises(StudyError) as caught:
        read_budget([text])
    assert caught.value.code == code


@pytest.mark.parametrize("figure", limits(), ids=lambda figure: figure.name)
def test_the_help_tells_every_limit_with_an_amount_that_can_be_given(figure: Figure, capsys: Any):
    with pytest.raises(SystemExit):
        main(["study", "run", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    found = re.search(rf" {figure.name}=(\w[\w.]*)", told)
    assert found is not None
    assert read_budget([f"{figure.name}={found[1]}"]).limit(figure.name)


def run(store: Store, *more: str) -> int:
    data = ["--model", "digits-mlp", "--data", "digits", "--name", "s", "--store", str(store.root)]
    return main(["study", "run", *data, *more])


@pytest.fixture
def store(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Studies are planned and not run."""
    monkeypatch.setattr(supervisor, "start", lambda *_: None)
    monkeypatch.setattr(
        workbench,
        "study_status",
        lambda name, store=None: StudyStatus(name=name, state="complete", log=Path("log")),
    )
    return Store(tmp_path)


def test_a_search_is_planned_with_objectives_budget_and_stop_rules(store: Store, capsys: Any):
    asked = (
        "--search",
        "tpe",
        "--minutes",
        "8",
        "--patience",
        "30",
        "--objective",
        "agreement",
        "--objective",
        "file",
    )
    assert (
        run(store, *asked, "--budget", "file=20KB", "--budget", "accuracy=-1", "--seed", "3", "--json") == 0
    )
    study = json.loads(capsys.readouterr().out)
    assert study["objectives"] == ["agreement", "file"]
    assert study["budget"] == {"file": 20_000, "loss": 0.01}
    assert len(study["trials"]) == 1
    assert {"hypervolume", "knee", "choice", "search", "front"} <= set(study)
    search_run = study_search(store, "s")
    assert search_run is not None
    assert (search_run.sampler, search_run.minutes, search_run.patience, search_run.seed) == (
        "tpe",
        8.0,
        30,
        3,
    )
    assert search_run.multi_fidelity


def test_improving_keeps_the_sampler_and_counts_anew(store: Store):
    run(store, "--search", "grid", "--trials", "5", "--no-multi-fidelity", "--json")
    assert main(["study", "improve", "s", "--minutes", "10", "--json", "--store", str(store.root)]) == 0
    search_run = study_search(store, "s")
    assert search_run is not None
    assert (search_run.sampler, search_run.minutes, search_run.trials, search_run.first) == (
        "grid",
        10.0,
        None,
        1,
    )
    assert not search_run.multi_fidelity


def test_recipes_can_be_added(store: Store, tmp_path: Any, capsys: Any):
    run(store, "--search", "random", "--trials", "5", "--json")
    file = tmp_path / "recipes.json"
    file.write_text(json.dumps([{"steps": [{"step": "float16"}]}]))
    capsys.readouterr()
    assert main(["study", "add", "s", "--recipes", str(file), "--json", "--store", str(store.root)]) == 0
    assert [trial["title"] for trial in json.loads(capsys.readouterr().out)["trials"]] == [
        "float32",
        "float16",
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ((), "nothing_to_run"),
        (("--search", "nsga2"), "stop_rule"),
        (("--search", "nsga2", "--trials", "3", "--objective", "accuracy"), "objectives"),
        (("--search", "nsga2", "--trials", "3", "--preset", "nothing"), "unknown_name"),
        (("--search", "nsga2", "--trials", "3", "--budget", "speed=3"), "unknown_limit"),
    ],
)
def test_what_cannot_be_searched_is_said(store: Store, capsys: Any, asked: tuple[str, ...], code: str):
    assert run(store, *asked, "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_pick_is_told_in_words():
    def trial(number: int, title: str, accuracy: float, download: int, ratio: float) -> dict[str, Any]:
        recipe = {"steps": [{"step": title}] if number else []}
        latency = {"median_ms": ratio, "p95_ms": ratio, "ratio": ratio, "ratio_ci95": [ratio, ratio]}
        return {
            "number": number, "title": title, "state": "complete", "recipe": recipe, "recipe_fingerprint": title,
            "model": "m", "sizes": {"download": download, "file": download}, "proposed": number > 0,
            "accuracy": {"mAP": accuracy, "ci95": [accuracy - 0.02, accuracy + 0.02]}, "primary_metric": "mAP",
            "latency": {**latency, "rounds": 30, "noisy": False},
        }  # fmt: skip

    study = {
        "name": "s", "state": "complete", "model": "m", "dataset": "d", "baseline": 0,
        "trials": [
            trial(0, "float32", 0.76, 1_000_000, 1.0),
            trial(4, "a", 0.75, 131_000, 0.61),
            trial(7, "b", 0.747, 119_000, 0.61),
        ],
        "search": {"sampler": "nsga2", "minutes": 8, "spent": 480.0, "ended": "time"},
        "budget": {"download": 150_000, "latency_ratio": 0.8},
    }  # fmt: skip
    told = choice_lines(StudyResult.from_json(study))
    assert "search: nsga2, 8.0 min, until its time was up; 2 recipes proposed" in told
    assert "(reference: accuracy 38.0, download 150 KB); the front bends at #4 a" in told
    assert "budget: download ≤ 150 KB, latency ratio ≤ 0.80" in told
    assert (
        "Take #4 a: the most accurate of 2 files that keep the budget (download 131 KB, latency ratio 0.61)."
        in told
    )
    assert "Runner-up: #7 b, −0.3 points, download 12.0 KB smaller." in told
    assert "cannot be told apart" in told
