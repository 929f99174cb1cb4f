"""ONNX → ncnn: by pnnx in float32, then stored as the ONNX file stores it; proven by outputs, never by an exit code.

pnnx drops what it does not know and exits with 0, and the wheels bring no quantizer: integers are written here, with
the codes, scales and choice of layers of the ONNX file.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx

from edgeslim.detections import FloatArray
from edgeslim.errors import ModelError, Notice, first_line
from edgeslim.metrics.fidelity import signal_and_noise, sqnr_db
from edgeslim.models.proof import pictures
from edgeslim.ort import open_session
from edgeslim.processes import environment_of_child, threads
from edgeslim.runtime.base import Conversion
from edgeslim.runtime.integer_layers import IntegerLayer, integer_layers, is_coded
from edgeslim.runtime.ncnn.archive import Archive
from edgeslim.runtime.ncnn.plain import plain, simulated
from edgeslim.runtime.ncnn.session import open_archive
from edgeslim.runtime.ncnn.weights import parse, written
from edgeslim.sessions import Session
from edgeslim.tasks import task_for

IMAGES = 4
"""A conversion is proven on so many."""
FLOAT_DB, STORED_DB = 40.0, 20.0
"""Least SQNR of a network in float32, and as it is stored, against the same computed by onnxruntime. Rounding costs less:
arithmetic in float16 leaves about 60 dB, sums that fall on the other side of a half about 30."""
SECONDS = 600
"""Limit of pnnx, which takes two."""


def lost(file: Path) -> list[Notice]:
    """What the ONNX file loses in ncnn."""
    model, told = onnx.load(file), list[Notice]()
    if integer_layers(model):
        told.append(Notice("ncnn_int8"))
    if is_coded(model):
        told.append(Notice("ncnn_coded"))
    return told


def convert(file: Path, conversion: Conversion) -> bytes:
    """The delivered file. Raises ModelError."""
    found = plain(onnx.load(file))
    images = _images(found.model, conversion)
    reference = open_session(found.model)
    outputs = [item.name for item in found.model.graph.output]
    shapes = [tuple(value.shape) for value in reference.run(images[0])]
    archive = replace(
        _converted(found.model, images[0].shape),
        input_name=reference.inputs[0].name,
        outputs=tuple(zip(outputs, shapes, strict=True)),
    )
    _prove(archive, reference, images, FLOAT_DB)
    if found.narrow:
        archive, used = _stored(archive, found.layers)
        if used:
            reference = open_session(simulated(found.model, used), optimized=False)
        _prove(archive, reference, images, STORED_DB)
    return archive.to_bytes()


def _images(model: onnx.ModelProto, conversion: Conversion) -> list[FloatArray]:
    """Prepared calibration images, or smooth seeded inputs where there are none. Raises ModelError."""
    if conversion.images is None:
        shape = open_session(model).inputs[0].fixed_shape
        if len(shape) != 4:
            raise ModelError("ncnn_refused", reason="its input is no image")
        return list(pictures(shape))
    task, split = task_for(conversion.spec), conversion.images
    chosen = sorted({round(index) for index in np.linspace(0, len(split) - 1, IMAGES)})
    return [task.prepare(split.image(index), conversion.spec).tensor for index in chosen]


def _converted(model: onnx.ModelProto, shape: Sequence[int]) -> Archive:
    """The network in float32 as pnnx converts it, its outputs not yet told. Raises ModelError."""
    if len(model.graph.input) != 1 or shape[0] != 1:
        raise ModelError("ncnn_refused", reason="it takes more than one image")
    found = find_spec("pnnx")
    assert found is not None and found.submodule_search_locations, "the runtime is installed"
    program = Path(found.submodule_search_locations[0]) / "pnnx"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
        command = [str(program), "model.onnx", f"inputshape=[{','.join(map(str, shape))}]f32", "fp16=0"]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment_of_child(**threads(1)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ModelError("ncnn_refused", reason=f"pnnx takes longer than {SECONDS} seconds") from error
        except OSError as error:
            raise ModelError("ncnn_refused", reason=f"pnnx does not start ({error.strerror})") from error
        try:
            return Archive(
                param=(Path(folder) / "model.ncnn.param").read_text(),
                bin=(Path(folder) / "model.ncnn.bin").read_bytes(),
                input_name="",
                input_shape=tuple(shape),
                outputs=(),
            )
        except OSError as error:
            raise ModelError(
                "ncnn_refused", reason=f"pnnx gave up with exit code {done.returncode}"
            ) from error


def _stored(archive: Archive, layers: Sequence[IntegerLayer]) -> tuple[Archive, Sequence[IntegerLayer]]:
    """The float32 network in fewer bits, and which of the `layers` compute with integers in it. Raises ModelError."""
    try:
        network = parse(archive.param, archive.bin)
    except ValueError as error:
        raise ModelError("ncnn_refused", reason=first_line(error)) from error
    # Of layers with equal weights the last one's input scale would be everybody's: the proof tells.
    param, content, used = written(network, {layer.weight: layer for layer in layers})
    return replace(archive, param=param, bin=content), used


def _prove(archive: Archive, reference: Session, images: Sequence[FloatArray], least: float) -> None:
    """Raises ModelError where ncnn's outputs are not the reference's."""
    try:
        session = open_archive(archive)
    except ValueError as error:
        raise ModelError("ncnn_refused", reason=first_line(error)) from error
    powers = sum(signal_and_noise(reference.run(image), session.run(image)) for image in images)
    worst = min(sqnr_db(np.asarray(powers))[1])
    if not worst >= least:
        raise ModelError(
            "ncnn_refused", reason=f"its outputs there are others: {worst:.0f} dB where {least:.0f} are due"
        )
