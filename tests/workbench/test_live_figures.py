"""Figures that a visitor's browser measured are checked as a bundle's are, and come from those who were invited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError, EdgeSlimError, StudyError
from edgeslim.records import RecipeRecord
from edgeslim.studies import bundles
from edgeslim.studies.bundles import BundleEntry, DeviceBundle
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench import devices, live_figures

FILES = ("a" * 64, "b" * 64)
NUMBERS = ((1.0, -2.0, 3.0), (1.5, -2.5, 3.5))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    entries = [
        BundleEntry(
            trial=place,
            title="",
            onnx=sha256,
            runtime=runtime,
            packages=(),
            sha256=sha256,
            suffix=suffix,
            places=((0, 1, 2),),
            reference=((NUMBERS[place],),),
        )
        for place, sha256 in enumerate(FILES)
        for runtime, suffix in (("onnxruntime", ".onnx"), ("other", ".other"))
    ]
    bundle = DeviceBundle(
        key="c" * 32,
        made="",
        study="s",
        model="m",
        baseline=FILES[0],
        images="d" * 64,
        entries=tuple(entries),
    )
    bundles.keep(store, bundle)
    return store


@pytest.fixture
def study() -> StudyResult:
    trials = tuple(
        TrialResult(
            number=number,
            state="complete",
            recipe=RecipeRecord(),
            title="",
            recipe_fingerprint=str(number),
            model="m",
            sha256=sha256,
        )
        for number, sha256 in enumerate(FILES)
    )
    return StudyResult(name="s", state="complete", model="m", dataset="d", baseline=0, trials=trials)


def sent(**changes: Any) -> dict[str, Any]:
    files = [
        {
            "entry": 2 * number,
            "sha256": FILES[number],
            "values": [[list(NUMBERS[number])]],
            "samples_ms": [40.0 / (number + 1)] * 6,
        }
        for number in (0, 1)
    ]
    return {
        "bundle": "c" * 32,
        "browser": "Browser 1, Phone",
        "cores": 8,
        "runtime": "onnxruntime-web@1.30.0",
        "files": files,
        **changes,
    }


def test_a_browser_runs_only_the_onnx_files_of_a_bundle(store: Store) -> None:
    bundle = bundles.kept(store, "c" * 32)
    assert bundle is not None
    assert {place: each.trial for place, each in live_figures.browser_entries(bundle).items()} == {0: 0, 2: 1}


def test_what_agrees_becomes_an_axis_that_is_marked_as_a_browsers(store: Store, study: StudyResult) -> None:
    figures = live_figures.read_figures(sent())
    kept = live_figures.add_browser_figures(study, figures, "  My   phone ", store=store)
    assert kept.name == "My phone (browser)" and kept.device["cpu"] == "Browser 1, Phone"
    shown = devices.with_devices(study, store)
    latency = FIGURES.get("latency.on My phone (browser)")
    assert [latency.value(trial) for trial in shown.trials] == pytest.approx([40.0, 20.0])


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([{"values": [[[9.0, 9.0, 9.0]]]}, {}], "results_differ"),
        ([{"sha256": "e" * 64}, {}], "results_tampered"),
        ([{"samples_ms": [40.0] * 9}, {}], "results_tampered"),
        ([{"samples_ms": [-1.0] * 6}, {}], "results_unreadable"),
        ([{"entry": 77}, {}], "results_unreadable"),
    ],
)
def test_what_disagrees_is_refused(
    store: Store, study: StudyResult, files: list[dict[str, Any]], code: str
) -> None:
    changed = [{**each, **change} for each, change in zip(sent()["files"], files, strict=True)]
    with pytest.raises(StudyError) as caught:
        live_figures.add_browser_figures(
            study, live_figures.read_figures(sent(files=changed)), "x", store=store
        )
    assert caught.value.code == code
    assert devices.device_measurements(study, store) == ()


@pytest.mark.parametrize(
    "junk", [None, 7, {}, {"bundle": 3}, sent(files=[{"entry": "0"}]), sent(cores="many")]
)
def test_junk_from_a_page_is_refused(junk: object) -> None:
    with pytest.raises(StudyError) as caught:
        live_figures.read_figures(junk)
    assert caught.value.code == "results_unreadable"


def test_a_visitor_needs_an_invitation_for_a_study_that_is_not_theirs(
    store: Store, study: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = live_figures.invite(study, store)
    monkeypatch.setattr(live_figures, "MOST_RESULTS", 1)
    figures = live_figures.read_figures(sent())
    store.put_record("study-owners", "s", {"owner": "somebody", "shared": True})
    monkeypatch.setattr(visitors, "visitor", lambda: "another")
    for wrong in ("", "guessed", "../s", word + "x"):
        with pytest.raises(EdgeSlimError) as caught:
            live_figures.add_browser_figures(study, figures, "phone", wrong, store)
        assert caught.value.code in ("not_yours", "not_invited")
    with pytest.raises(AccessError):
        live_figures.invite(study, store)
    live_figures.add_browser_figures(study, figures, "phone", word, store)
    with pytest.raises(AccessError) as used:
        live_figures.add_browser_figures(study, figures, "phone", word, store)
    assert used.value.code == "not_invited"
