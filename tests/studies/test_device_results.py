"""What comes back from a device: taken where it stands every check, and then an axis; else refused with the reason."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.records import Latency, RecipeRecord, Sizes
from edgeslim.report.study_words import figure_name
from edgeslim.runtime.on_device.device import seal
from edgeslim.studies import bundles, devices_measured
from edgeslim.studies.budget import Budget
from edgeslim.studies.bundles import BundleEntry, DeviceBundle
from edgeslim.studies.choice import choose
from edgeslim.studies.device_results import read_results
from edgeslim.studies.devices_measured import with_devices
from edgeslim.studies.figures import FIGURES, axes, limits, runtimes_of
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

ORIGINAL, SMALL = "a" * 64, "b" * 64
PI = "latency.on Pi 5"


def entry(trial: int, sha256: str, values: tuple[float, ...]) -> BundleEntry:
    return BundleEntry(
        trial=trial,
        title=f"recipe {trial}",
        onnx=sha256,
        runtime="onnxruntime",
        packages=("onnxruntime",),
        sha256=sha256,
        suffix=".onnx",
        places=(tuple(range(len(values))),),
        reference=((values,),),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    bundle = DeviceBundle(
        key="c" * 32,
        made="2026-11-29T10:00:00+00:00",
        study="s",
        model="m",
        baseline=ORIGINAL,
        images="d" * 64,
        entries=(entry(0, ORIGINAL, (1.0, -2.0, 3.0)), entry(1, SMALL, (1.5, -2.5, 3.5))),
    )
    bundles.keep(store, bundle)
    return store


def examined(place: int, sha256: str, *values: float | None) -> dict[str, Any]:
    mode = {"mode": "plain", "load_ms": 3.0, "first_ms": 9.0, "sqnr_db": 120.0, "values": [[list(values)]]}
    return {
        "entry": place,
        "runtime_version": "1.23",
        "sha256": sha256,
        "modes": [{**mode, "hashes": ["e" * 64]}],
        "mode": "plain",
        "memory": {"before": 50_000_000, "peak": 62_000_000},
    }


BODY: dict[str, Any] = {
    "format": 1,
    "bundle": "c" * 32,
    "made": "2026-11-29T11:00:00Z",
    "device": {"name": "Pi 5", "cpu": "Cortex-A76", "cores": 4, "machine": "aarch64", "system": "Linux"},
    "entries": [examined(0, ORIGINAL, 1.0, -2.0, 3.0001), examined(1, SMALL, 1.5, -2.5, 3.5)],
    "runs": [
        {"entry": 0, "threads": 1, "samples_ms": [20.0, 21.0, 20.0, 22.0, 20.0]},
        {"entry": 1, "threads": 1, "samples_ms": [5.0, 5.2, 5.0, 5.5, 5.1]},
        {"entry": 0, "threads": 4, "samples_ms": [8.0, 8.0, 8.0, 8.0, 8.0]},
        {"entry": 1, "threads": 4, "samples_ms": [2.0, 2.0, 2.0, 2.0, 2.0]},
    ],
    "left_out": [],
    "sustained": {"entry": 0, "threads": 4, "points": [[1.0, 8.0, 51.0, 2400.0], [2.0, 9.0, None, None]]},
}


def sealed(**changes: Any) -> bytes:
    body = copy.deepcopy({**BODY, **changes})
    return json.dumps({"body": body, "seal": seal(body)}).encode()


def trial(number: int, sha256: str) -> TrialResult:
    return TrialResult(
        number=number,
        state="complete",
        recipe=RecipeRecord(),
        title=f"recipe {number}",
        recipe_fingerprint=str(number),
        model="m",
        sha256=sha256,
        sizes=Sizes(1000 - number, 900 - number, 800),
        macs=10**6,
        accuracy={"top1": 0.9 - number / 100, "ci95": [0.8, 0.95]},
        latency=Latency(2.0, 2.5, 0.5, (0.45, 0.55), 30),
        primary_metric="top1",
    )


STUDY = StudyResult(
    name="s",
    state="complete",
    model="m",
    dataset="d",
    baseline=0,
    trials=(trial(0, ORIGINAL), trial(1, SMALL)),
)


def test_results_become_axes_limits_and_a_choice(store: Store) -> None:
    found = read_results(sealed(), store)
    small = found.files[1]
    assert small.latencies[1].median_ms == 5.1 and small.latencies[1].rounds == 5
    assert small.latencies[1].ratio == pytest.approx(5.1 / 20.0)
    assert small.latencies[4].ratio == 0.25
    assert (small.memory, small.first_ms) == (12_000_000, 9.0)
    assert 80 < found.files[0].sqnr_db < 95 and small.sqnr_db == 200.0
    assert found.sustained[1].temperature is None and found.sustained[0].clock == 2400.0

    devices_measured.keep(store, found)
    study = with_devices(STUDY, devices_measured.measured(store, STUDY))
    assert FIGURES.get(PI).value(study.trials[1], study.original) == 5.1
    names = [each.name for each in axes(study.trials)]
    assert {PI, "latency_ratio.on Pi 5"} <= set(names)
    assert not [name for name in names if name.endswith("on Pi 5") and not name.startswith("latency")]
    limited = [each.name for each in limits(runtimes_of(study.trials))]
    assert PI in limited and "latency" not in limited and "accuracy.on Pi 5" not in limited
    assert choose(study, Budget({PI: 10.0})).pick == 1
    assert choose(study, Budget({PI: 4.0})).pick is None
    assert figure_name("en", PI) == "Latency on Pi 5" and figure_name("zh", PI) == "Pi 5 上的延迟"
    assert with_devices(STUDY, ()) is STUDY


def test_the_newest_measurement_of_a_device_counts_and_a_name_is_made_safe(store: Store) -> None:
    for times in ([5.0] * 5, [7.0] * 5):
        runs = [BODY["runs"][0], {**BODY["runs"][1], "samples_ms": times}]
        devices_measured.keep(store, read_results(sealed(runs=runs), store))
    devices_measured.keep(store, read_results(sealed(), store, name=" my.*<b>Pi</b>\n" + "x" * 80))
    one, other = devices_measured.measured(store, STUDY)
    assert one.files[1].latencies[1].median_ms == 7.0
    assert other.name == "my b Pi /b " + "x" * 29


def test_a_file_that_computes_something_else_there_is_told_and_not_taken(store: Store) -> None:
    differing = examined(1, SMALL, 1.5, -2.5, 3.0)
    exact = {"mode": "exact", "load_ms": 3.0, "first_ms": 9.0, "values": [[[1.5, -2.5, 3.5]]]}
    saturated = read_results(sealed(entries=[BODY["entries"][0], differing]), store)
    assert saturated.files[1].sqnr_db == pytest.approx(19.2, abs=0.1) and not saturated.files[1].same
    study = with_devices(STUDY, [saturated])
    assert FIGURES.get(PI).value(study.trials[1]) is None
    assert FIGURES.get(PI).value(study.trials[0]) == 20.0

    differing = {**differing, "modes": [*differing["modes"], exact], "mode": "exact"}
    mended = read_results(sealed(entries=[BODY["entries"][0], differing]), store).files[1]
    assert mended.same and mended.plain_sqnr_db == pytest.approx(19.2, abs=0.1)


REFUSED: dict[str, tuple[bytes, str]] = {
    "a time that was changed": (sealed().replace(b"5.2", b"1.2"), "results_tampered"),
    "a file that was exchanged": (sealed(entries=[BODY["entries"][0], examined(1, ORIGINAL, 1.0)]), "results_tampered"),
    "unequal rounds": (sealed(runs=[BODY["runs"][0], {**BODY["runs"][1], "samples_ms": [1.0] * 6}]), "results_tampered"),
    "a bundle from elsewhere": (sealed(bundle="f" * 32), "results_foreign"),
    "a bundle that is a path": (sealed(bundle="../../x"), "results_foreign"),
    "other outputs of the original": (sealed(entries=[examined(0, ORIGINAL, 9.0, 9.0, 9.0)]), "results_differ"),
    "fewer outputs": (sealed(entries=[examined(0, ORIGINAL, 1.0, -2.0)]), "results_differ"),
    "no number": (sealed(entries=[examined(0, ORIGINAL, 1.0, None, 3.0)]), "results_differ"),
    "without the original": (sealed(runs=BODY["runs"][1:2]), "results_nothing"),
    "times that cannot be": (sealed(runs=[{**BODY["runs"][0], "samples_ms": [-1.0] * 5}]), "results_unreadable"),
    "too few rounds": (sealed(runs=[{**BODY["runs"][0], "samples_ms": [1.0]}]), "results_unreadable"),
    "an unknown file": (sealed(runs=[{**BODY["runs"][0], "entry": 7}]), "results_unreadable"),
    "another kind of JSON": (b"[1, 2]", "results_unreadable"),
    "a text": (b"\xff\xfe nonsense", "results_unreadable"),
    "deep nesting": (b"[" * 100_000, "results_unreadable"),
    "fields of other types": (sealed(runs={"entry": 0}), "results_unreadable"),
    "infinity": (sealed().replace(b"22.0", b"1e999"), "results_unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_changed_foreign_or_malformed_is_refused_with_the_reason(store: Store, what: str) -> None:
    content, code = REFUSED[what]
    with pytest.raises(StudyError) as caught:
        read_results(content, store)
    assert caught.value.code == code


def test_what_is_too_large_is_not_even_parsed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeslim.studies.device_results.LARGEST", 100)
    with pytest.raises(StudyError, match="larger than"):
        read_results(sealed(), store)
