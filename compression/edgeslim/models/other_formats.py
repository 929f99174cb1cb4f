"""Files of other frameworks: recognised by how they begin or what they pack, without reading what they mean, and how to
export them. Nothing is unpickled."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePath

from edgeslim.errors import ModelError

_LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The number with which torch.save began before there were zips."""
_MOST_NAMES = 100_000
_LOAD = {
    "checkpoint": 'model = YourNetwork(); model.load_state_dict(torch.load("{file}", weights_only=True))',
    "torchscript": 'model = torch.jit.load("{file}", map_location="cpu")',
    "exported": 'model = torch.export.load("{file}").module()',
}
_FRAMEWORKS = {
    "tflite": "TensorFlow Lite",
    "hdf5": "HDF5, Keras 2",
    "keras": "Keras",
    "openvino": "XML, OpenVINO",
    "ncnn": "ncnn",
}


def refuse_other_formats(content: bytes, file: str | Path) -> None:
    """Raise ModelError for a file of another framework: what it is, and the lines that export it where PyTorch does."""
    kind = kind_of(content)
    if kind is None:
        return
    if kind in _FRAMEWORKS:
        raise ModelError("other_format", file=file, kind=kind, framework=_FRAMEWORKS[kind])
    lines = export_lines(kind, PurePath(str(file)).name)
    raise ModelError(f"other_format_{kind}", file=file, kind=kind, lines=lines)


def kind_of(content: bytes) -> str | None:
    """Which other kind of file it is; None for ONNX and what is not known."""
    if content[:4] == b"PK\x03\x04":
        return _packed(content)
    if content[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return "checkpoint" if _LEGACY in content[:64] else "pickle"
    if content[4:8] == b"TFL3":
        return "tflite"
    if content[:4] == b"\x89HDF":
        return "hdf5"
    if content[8:10] == b'{"' and int.from_bytes(content[:8], "little") < len(content):
        return "safetensors"
    if content[:7] == b"7767517":
        return "ncnn"
    return "openvino" if content[:64].lstrip().startswith((b"<?xml", b"<net")) else None


def export_lines(kind: str, file: str) -> str:
    """Five lines of Python: opset, raw outputs, fixed size."""
    load = _LOAD.get(kind, _LOAD["checkpoint"]).format(file=file)
    if kind == "safetensors":
        load = f'model = YourNetwork(); model.load_state_dict(safetensors.torch.load_file("{file}"))'
    out = f"{PurePath(file).stem}.onnx"
    classic = "True" if kind == "exported" else "False"
    return "\n".join(
        [
            "import torch" if kind != "safetensors" else "import torch, safetensors.torch",
            load,
            "model.train(False)  # raw outputs: switch off decoding to final boxes and NMS in the network, if it has them"
            if kind != "exported"
            else "# raw outputs: the program must end before final boxes and NMS",
            "image = torch.zeros(1, 3, 320, 320)  # 1 × channels × height × width, as it was trained",
            f'torch.onnx.export(model, (image,), "{out}", opset_version=17, dynamo={classic})',
        ]
    )


def _packed(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [PurePath(name) for name in archive.namelist()[:_MOST_NAMES]]
    except (zipfile.BadZipFile, ValueError, OSError):
        return "checkpoint" if b"data.pkl" in content[:4096] else None
    last = {path.name for path in names}
    if {"config.json", "model.weights.h5"} <= {str(path) for path in names}:
        return "keras"
    if "archive_format" in last or "serialized_exported_program.json" in last:
        return "exported"
    if "data.pkl" in last:
        return "torchscript" if "constants.pkl" in last else "checkpoint"
    return None
