"""Files of other frameworks say what they are and how they are exported; nothing is unpickled."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from pathlib import Path

import onnx
import pytest
import torch

from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.models.checks import parse
from edgeslim.models.library import open_model
from edgeslim.models.other_formats import export_lines, kind_of
from said import said


class YourNetwork(torch.nn.Conv2d):
    def __init__(self) -> None:
        super().__init__(3, 2, 3)


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("unpickled",)


def saved(what: object, **more: object) -> bytes:
    content = io.BytesIO()
    torch.save(what, content, **more)
    return content.getvalue()


def script() -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and still brought
        torch.jit.save(torch.jit.trace(YourNetwork(), torch.zeros(1, 3, 8, 8)), content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def packed(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("checkpoint", saved(YourNetwork().state_dict())),
        ("checkpoint", saved({"epoch": 3}, _use_new_zipfile_serialization=False)),
        ("checkpoint", saved(Trap())),
        ("checkpoint", saved(YourNetwork().state_dict())[:2000]),
        ("torchscript", script()),
        ("exported", packed("m/archive_format", "m/models/model.json")),
        ("exported", packed("serialized_exported_program.json", "version")),
        ("pickle", pickle.dumps(Trap(), 4)),
        ("safetensors", (30).to_bytes(8, "little") + b'{"a":{}}' + b" " * 40),
        ("tflite", b"\x1c\0\0\0TFL3" + bytes(40)),
        ("hdf5", b"\x89HDF\r\n\x1a\n" + bytes(40)),
        ("keras", packed("metadata.json", "config.json", "model.weights.h5")),
        ("openvino", b'<?xml version="1.0"?><net/>'),
        ("ncnn", b"7767517\n75 83\n"),
    ],
)
def test_other_files_say_what_they_are(kind: str, content: bytes) -> None:
    assert kind_of(content) == kind
    with pytest.raises(ModelError, match=r"^“mine\.bin” (is|holds) ") as caught:
        parse(content, "mine.bin")
    assert caught.value.code in ("other_format", f"other_format_{kind}")
    assert said(caught.value) and ("to ONNX" in str(caught.value) or "opset_version=17" in str(caught.value))


def test_a_zip_of_anything_else_is_no_known_format() -> None:
    assert kind_of(packed("a.txt")) is None
    assert kind_of(b"") is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["checkpoint", "torchscript"])
def test_the_five_lines_export_the_network(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.pt").write_bytes(saved(YourNetwork().state_dict()) if kind == "checkpoint" else script())
    lines = export_lines(kind, "mine.pt")
    assert len(lines.splitlines()) == 5
    exec(lines, {"YourNetwork": YourNetwork})
    model = onnx.load("mine.onnx")
    assert model.opset_import[0].version == 17
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 320, 320]


def test_a_checkpoint_given_as_a_model_is_told_with_its_lines(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(saved(YourNetwork().state_dict()))
    with pytest.raises(ModelError) as caught:
        open_model(str(path), store)
    assert caught.value.code == "other_format_checkpoint"
    assert 'load_state_dict(torch.load("mine.pt", weights_only=True))' in str(caught.value.values["lines"])
    assert "opset_version=17" in str(caught.value)
