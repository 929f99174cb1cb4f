"""`import-model` and `download`: bringing a model in, from wherever it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.cli.common import Arguments, add, positive, progress, spec, tell
from edgeslim.units import format_bytes, format_count
from edgeslim.workbench.models import ModelInfo

_KERAS = "keras:"
"""Before the name of a network of keras.applications."""


def add_import(commands: Any) -> None:
    command = add(
        commands,
        "import-model",
        _import_model,
        "import a file (ONNX, .keras, weights of our own networks), a network of Keras, or a catalogue model",
    )
    command.add_argument("file", metavar="FILE|NAME|keras:NETWORK")
    command.add_argument("--spec", type=Path, metavar="SPEC.json", help="how to feed and read the model")
    command.add_argument("--name", help="what to call it (default: as the file)")
    command.add_argument("--data", metavar="D", help="images on which to try how it wants them prepared")
    command.add_argument(
        "--size", type=positive, metavar="N", help="of keras:NETWORK: images of N × N pixels"
    )
    command.add_argument(
        "--no-weights", action="store_true", help="of keras:NETWORK: untrained, fetches nothing"
    )
    command.add_argument(
        "--trust-this-file",
        action="store_true",
        help="open a TorchScript or .pt2 file, which can run anything",
    )
    command = add(commands, "download", _download, "download a model of the catalogue")
    command.add_argument("name", metavar="NAME")


def _import_model(given: Arguments) -> None:
    listed = workbench.list_models(given.store)
    before = {
        model.name: workbench.model_spec(model.name, store=given.store)
        for model in listed
        if model.origin == "imported"
    }
    if given.file in [model.name for model in listed if model.origin == "catalogue"]:
        found = workbench.download_model(given.file, given.store, progress(given))
    elif given.file.startswith(_KERAS):
        found = workbench.import_application(
            given.file.removeprefix(_KERAS),
            name=given.name,
            side=given.size,
            weights=not given.no_weights,
            store=given.store,
            progress=progress(given),
        )
    elif given.trust_this_file:
        found = workbench.import_program(
            Path(given.file), name=given.name, spec=spec(given), store=given.store, progress=progress(given)
        )
    else:
        found = workbench.import_model(
            given.file,
            spec=spec(given),
            name=given.name,
            dataset=given.data,
            store=given.store,
            progress=progress(given),
        )
    known = before.get(found.name)
    told = (
        ""
        if known is None
        else "\nit was here already" + (", read by another specification" if known != found.spec else "")
    )
    tell(given, found, lambda: _model_lines(found) + told)


def _download(given: Arguments) -> None:
    found = workbench.download_model(given.name, given.store, progress(given))
    tell(given, found, lambda: _model_lines(found))


def _model_lines(model: ModelInfo) -> str:
    spec, error = model.spec, model.proof.get("max_abs_error")
    lines = [
        f"{model.name}: {spec.task}, family '{spec.family}', "
        f"{spec.input_width}x{spec.input_height} {spec.color}, {len(spec.labels)} labels",
        f"{format_count(model.params)} parameters, {format_count(model.macs)} MACs, "
        f"{format_bytes(model.sizes.file)}",
    ]
    if "translated_from" in model.proof:
        framework, relative = model.proof["translated_from"], model.proof["translation_error"]
        lines.append(f"translated from {framework}: outputs differ by at most {relative:.1e} of their range")
    if error is not None:
        lines.append(f"outputs differ from the given file's by at most {error:.1e}")
    lines += [str(notice) for notice in model.told]
    return "\n".join(lines)
