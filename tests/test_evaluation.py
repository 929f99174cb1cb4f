"""Evaluation of a file: accuracy against plain numpy, pairing, caching, and what is left without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import linear_digits
from edgeslim import evaluation, ort, predictions
from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Split, Subset
from edgeslim.detections import Detections
from edgeslim.evaluation import evaluate
from edgeslim.metrics import resamples
from edgeslim.models.base import ModelSpec
from edgeslim.models.spec import spec_from_json
from edgeslim.predictions import predict
from edgeslim.runtime.onnxruntime import OnnxRuntime

SPEC = spec_from_json(linear_digits.SPEC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def validation(store: Store) -> Split:
    return open_dataset("digits", store).split("validation")


def correct(split: Split, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    images = np.stack([split.image(i)[:, :, 0].reshape(-1) / 255 for i in range(len(split))])
    truth = np.array([split.target(i) for i in range(len(split))])
    return (images @ weight + bias).argmax(axis=1) == truth


def test_accuracy_and_sizes_are_the_files_own(store, validation, digits_file, digits_weights):
    found = evaluate(digits_file, SPEC, validation, SPEC.labels, store)
    assert found.primary_metric == "top1"
    assert found.accuracy["top1"] == pytest.approx(correct(validation, *digits_weights).mean())
    assert found.accuracy["top1"] > 0.9
    assert found.accuracy["images"] == 450
    assert found.sizes.file == digits_file.stat().st_size
    assert (found.params, found.macs) == (650, 640)
    assert found.fidelity is None


def test_against_a_baseline_differences_are_paired(store, validation, digits_file, digits_weights, tmp_path):
    weight, bias = digits_weights
    coarse = np.round(weight / 1.5) * 1.5
    file = linear_digits.write(tmp_path / "coarse.onnx", coarse.astype(np.float32), bias)
    found = evaluate(file, SPEC, validation, SPEC.labels, store, baseline=digits_file)
    delta = correct(validation, coarse, bias).mean() - correct(validation, weight, bias).mean()
    assert delta < -0.001
    assert found.accuracy["paired_delta"] == pytest.approx(delta)
    low, high = found.accuracy["paired_ci95"]
    assert low <= delta <= high
    assert 0.5 < found.fidelity["agreement"] < 1.0
    assert 0 < found.fidelity["sqnr_db"] < 40


def test_the_baseline_against_itself_differs_in_nothing(store, validation, digits_file):
    found = evaluate(digits_file, SPEC, validation, SPEC.labels, store, baseline=digits_file)
    assert found.accuracy["paired_delta"] == 0.0
    assert found.accuracy["paired_ci95"] == (0.0, 0.0)
    assert found.fidelity["agreement"] == 1.0
    assert found.fidelity["sqnr_db"] > 140


def test_a_plain_session_that_differs_is_noted(
    store, validation, digits_file, digits_weights, tmp_path, monkeypatch
):
    """On a processor whose sums saturate; here the plain session is one of another file."""
    weight, bias = digits_weights
    other = linear_digits.write(tmp_path / "other.onnx", weight * np.float32(1.1), bias)
    monkeypatch.setattr(ort, "saturates", lambda: True)
    monkeypatch.setattr(evaluation, "saturates", lambda: True)
    same = evaluate(digits_file, SPEC, validation, SPEC.labels, store, baseline=digits_file)
    assert "plain_sqnr_db" not in same.fidelity
    plain = ort.open_session(other)
    monkeypatch.setattr(evaluation, "open_session", lambda *_, exact: plain)
    found = evaluate(digits_file, SPEC, validation, SPEC.labels, store, baseline=digits_file)
    assert 10 < found.fidelity["plain_sqnr_db"] < 30
    assert {key: value for key, value in found.fidelity.items() if key != "plain_sqnr_db"} == same.fidelity


def test_predictions_are_made_once_for_a_file_and_split(store, validation, digits_file, monkeypatch):
    first = evaluate(digits_file, SPEC, validation, SPEC.labels, store)
    monkeypatch.setattr(OnnxRuntime, "open", lambda *_, **__: pytest.fail("it ran again"))
    assert evaluate(digits_file, SPEC, validation, SPEC.labels, store) == first
    with pytest.raises(pytest.fail.Exception, match="ran again"):
        predict(digits_file, SPEC, Subset(validation, 10), store)


def test_without_labels_agreement_is_the_headline(store, validation, digits_file):
    found = evaluate(digits_file, SPEC, validation, None, store, baseline=digits_file)
    assert (found.accuracy, found.primary_metric) == (None, "agreement")
    assert found.fidelity["agreement_ci95"] == (1.0, 1.0)


def test_resamples_are_kept_so_that_any_two_files_can_be_paired_later(
    store, validation, digits_file, digits_weights, tmp_path
):
    weight, bias = digits_weights
    files = [
        linear_digits.write(
            tmp_path / f"{step}.onnx", (np.round(weight / step) * step).astype(np.float32), bias
        )
        for step in (1.5, 1.0)
    ]
    coarse, fine = (
        evaluate(file, SPEC, validation, SPEC.labels, store, baseline=digits_file) for file in files
    )
    kept = [resamples.load(store, found.resamples) for found in (coarse, fine)]
    assert [one.value for one in kept] == [coarse.accuracy["top1"], fine.accuracy["top1"]]
    assert kept[0].ci95 == coarse.accuracy["ci95"]
    direct = evaluate(files[0], SPEC, validation, SPEC.labels, store, baseline=files[1])
    assert (kept[0] - kept[1]).paired_ci95 == direct.accuracy["paired_ci95"]
    assert direct.resamples == coarse.resamples, "accuracy does not depend on what it is compared with"
    unlabelled = [
        evaluate(file, SPEC, validation, None, store, baseline=digits_file).resamples for file in files
    ]
    assert len({coarse.resamples, fine.resamples, *unlabelled}) == 4
    assert resamples.load(store, unlabelled[0]).value == coarse.fidelity["agreement"]


def test_the_baseline_is_resampled_once_for_all(store, validation, digits_file, digits_weights, tmp_path):
    weight, bias = digits_weights
    evaluate(digits_file, SPEC, validation, SPEC.labels, store, baseline=digits_file)
    scored = []
    task = evaluation.task_for(SPEC)
    score = type(task).score
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(task), "score", lambda *given: scored.append(given) or score(*given))
        file = linear_digits.write(tmp_path / "half.onnx", (weight / 2).astype(np.float32), bias)
        found = evaluate(file, SPEC, validation, SPEC.labels, store, baseline=digits_file)
    assert len(scored) == 1
    assert found.accuracy["paired_ci95"][0] <= found.accuracy["paired_delta"]


def test_an_unknown_family_is_judged_by_its_outputs(store, validation, digits_file, digits_weights, tmp_path):
    weight, bias = digits_weights
    spec = ModelSpec(input_width=8, input_height=8, color="GRAY", scale=1 / 255, mean=(0.0,), std=(1.0,))
    half = linear_digits.write(tmp_path / "half.onnx", weight.astype(np.float16).astype(np.float32), bias)
    split = Subset(validation, 20)
    found = evaluate(half, spec, split, None, store, baseline=digits_file)
    assert (found.accuracy, found.primary_metric) == (None, "sqnr_db")
    assert set(found.fidelity) == {"sqnr_db"}
    assert found.resamples is None
    assert 50 < found.fidelity["sqnr_db"] < 120


def test_kept_detections_come_back_as_they_were(tmp_path):
    def boxes(n: int) -> Detections:
        return Detections(
            np.arange(4 * n, dtype=np.float32).reshape(n, 4), np.full(n, 0.5, np.float32), np.arange(n)
        )

    given = [boxes(2), boxes(0), boxes(3), boxes(0)]
    (tmp_path / "kept.npz").write_bytes(predictions._pack(given))
    found = predictions._unpack(tmp_path / "kept.npz")
    for before, after in zip(given, found, strict=True):
        for name in ("boxes", "scores", "classes"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
