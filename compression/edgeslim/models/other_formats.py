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
_KINDS = {
    "checkpoint": "a PyTorch checkpoint: weights, or a pickled object, without the network's operations",
    "torchscript": "a TorchScript program, which can run anything on this machine and is not opened",
    "exported": "a program of torch.export (.pt2), which can run anything on this machine when it is loaded",
    "pickle": "a Python pickle, which is not opened since it could run anything",
    "safetensors": "safetensors: weights without the network's operations",
    "tflite": "a TensorFlow Lite model",
    "hdf5": "an HDF5 file, such as Keras wrote before its version 3",
    "keras": "a Keras model",
    "openvino": "XML, such as an OpenVINO model",
    "ncnn": "an ncnn parameter file",
}
_TRUST = dict.fromkeys(
    ("torchscript", "exported"),
    "\nIf you trust it: edgeslim import-model FILE --trust-this-file opens it in a process of its own.\n",
)


def refuse_other_formats(content: bytes, file: str | Path) -> None:
    """Raise ModelError for a file of another framework: what it is, and the lines that export it where PyTorch does."""
    kind = kind_of(content)
    if kind is None:
        return
    problem = f"'{file}' is no ONNX model but {_KINDS[kind]}."
    if kind not in (*_LOAD, "safetensors", "pickle"):
        raise ModelError(
            "other_format",
            problem,
            "Convert it to ONNX with its own framework's exporter: float32, a fixed input size, raw outputs.",
            file=file,
            kind=kind,
        )
    lines = export_lines(kind, PurePath(str(file)).name)
    raise ModelError(
        f"other_format_{kind}",
        problem,
        f"Export it where the network's code is, and import the result:\n\n{lines}\n{_TRUST.get(kind, '')}",
        file=file,
        kind=kind,
        lines=lines,
    )


def not_loadable(file: str | Path, reason: str) -> ModelError:
    return ModelError(
        "torch_file",
        f"'{file}' could not be loaded by PyTorch: {reason}.",
        "Save it again with the PyTorch that is installed here, or export it to ONNX where its code is.",
        file=file,
        reason=reason,
    )


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
