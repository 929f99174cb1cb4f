"""Files that were imported before: what is recognised anew, and what stays as somebody has corrected it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from models_for_tests import HEIGHT, WIDTH, build, detector, save
from onnx import helper

from edgeslim.artifacts.store import Store
from edgeslim.models import importing
from edgeslim.models.importing import import_file, import_onnx
from edgeslim.models.library import open_model
from edgeslim.models.preparing import prepare
from edgeslim.models.spec import spec_from_json


def test_a_file_is_looked_at_again_when_there_are_other_families(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = helper.make_node("Relu", ["image"], ["y"])
    path = save(build([node], [], {"y": None}), tmp_path / "m.onnx")
    seen = []
    monkeypatch.setattr(importing, "prepare_confined", lambda *given: seen.append(given) or prepare(*given))
    for _ in range(2):
        import_file(path, None, store)
    assert len(seen) == 1
    monkeypatch.setattr(importing, "FAMILIES", SimpleNamespace(names=lambda: ["another"]))
    import_file(path, None, store)
    assert len(seen) == 2


def test_importing_a_listed_file_again_does_not_undo_its_corrected_specification(
    tmp_path: Path, store: Store
) -> None:
    path = save(detector(3), tmp_path / "m.onnx")
    given = spec_from_json({"family": "fcos", "input_width": WIDTH, "input_height": HEIGHT, "color": "BGR"})
    corrected = import_onnx(path, given, "mine", store).spec
    assert import_onnx(path, None, "mine", store).spec == corrected
    assert open_model("mine", store).spec == corrected
    again = dataclasses.replace(corrected, color="RGB")
    assert import_onnx(path, again, "mine", store).spec == again
    assert open_model("mine", store).spec == again


def test_a_listed_model_of_no_family_gets_one_that_is_known_now(tmp_path: Path, store: Store) -> None:
    path = save(detector(3), tmp_path / "m.onnx")
    unknown = spec_from_json({"input_width": WIDTH, "input_height": HEIGHT})
    assert import_onnx(path, unknown, "mine", store).spec.family == "unknown"
    assert import_onnx(path, None, "mine", store).spec.family == "fcos"
    assert open_model("mine", store).spec.family == "fcos"
