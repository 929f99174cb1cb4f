"""Preparing an untrusted ONNX file: checked, sanitized, compared with the original, recognised, counted."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from edgeslim.detections import FloatArray
from edgeslim.errors import ModelError, first_line
from edgeslim.metrics.counts import counts_of
from edgeslim.models.base import ModelSpec
from edgeslim.models.checks import image_input, parse, refuse_giants
from edgeslim.models.confined import confined
from edgeslim.models.families import FAMILIES, UNKNOWN, recognise
from edgeslim.models.families.base import Output, misfit_error
from edgeslim.models.folding import static_shapes
from edgeslim.models.graph import is_quantized
from edgeslim.models.proof import MAX_RELATIVE_ERROR, is_finite, is_rounding, largest_errors, probes, run
from edgeslim.models.sanitize import (
    Change,
    declare_outputs,
    sanitize,
    with_constant_weights,
    with_input_shape,
)
from edgeslim.models.spec import spec_from_json

DEFAULT_SIDE = 320
"""Input width and height of a model that leaves them open, unless a specification gives them."""
_MAX_NOTE = 65_536
_PROOF = {
    "original_sha256": str,
    "probes": int,
    "max_abs_error": float,
    "max_relative_error": float,
    "changes": list,
    "quantized": bool,
    "outputs": list,
    "parameters": int,
    "macs": int,
}
"""Keys of a proof, and their types."""
_ONNX_FAILURES = (
    IndexError,
    onnx.checker.ValidationError,
    onnx.shape_inference.InferenceError,
    onnx.version_converter.ConvertError,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """A sanitized model's bytes, its complete specification, and the proof (JSON values)."""

    content: bytes
    spec: ModelSpec
    proof: dict[str, Any]


def prepare_confined(content: bytes, file: str | Path, spec: ModelSpec | None) -> Imported:
    """`prepare` in a separate process (models.confined)."""
    return confined(prepare_as_json, _as_imported, content, file, None if spec is None else spec.to_json())


def prepare_as_json(content: bytes, file: str, spec: Any) -> tuple[dict[str, Any], bytes]:
    """`prepare` for another process."""
    made = prepare(content, file, None if spec is None else spec_from_json(spec))
    return {"spec": made.spec.to_json(), "proof": made.proof}, made.content


def prepare(content: bytes, file: str | Path, spec: ModelSpec | None) -> Imported:
    """Check, sanitize, compare and recognise a model. Deterministic.

    What another tool has quantized is kept as it is, byte for byte where its input has a fixed size.
    """
    model = parse(content, file)
    value = image_input(model, file)
    shape = _input_shape(value, spec, file)
    reference = with_constant_weights(with_input_shape(model, value.name, shape))
    try:
        refuse_giants(static_shapes(reference), file)
    except _ONNX_FAILURES as error:
        raise _does_not_run(file, shape, first_line(error)) from error
    inputs = probes(shape)
    try:
        expected = run(reference.SerializeToString(), inputs)
    except ModelError as error:
        raise _does_not_run(file, shape, error.values["reason"]) from error
    usable = [index for index, outputs in enumerate(expected) if is_finite(outputs)]
    if not usable:
        raise ModelError("outputs_not_finite", file=file)
    fixed = _input_change(value, shape)
    if is_quantized(model):
        sane, changes, absolute, relative = reference, list[Change](), 0.0, 0.0
        sane_bytes = reference.SerializeToString(deterministic=True) if fixed else content
    else:
        sane, changes = _sanitized(with_input_shape(model, value.name, shape), file)
        declare_outputs(sane, [[output.shape for output in outputs] for outputs in expected])
        sane_bytes = sane.SerializeToString(deterministic=True)
        absolute, relative = _differences(reference, sane_bytes, inputs, expected, usable, file)
    outputs = expected[usable[0]]
    complete = _complete(spec, outputs, shape, _noted_labels(model), file)
    counted = counts_of(sane)
    proof = {
        "original_sha256": hashlib.sha256(content).hexdigest(),
        "probes": len(usable),
        "max_abs_error": absolute,
        "max_relative_error": relative,
        "changes": [*fixed, *changes],
        "quantized": is_quantized(model),
        "outputs": [list(output.shape) for output in outputs],
        "parameters": counted.params,
        "macs": counted.macs,
    }
    return Imported(sane_bytes, complete, proof)


def _differences(
    reference: onnx.ModelProto,
    sane: bytes,
    inputs: Sequence[FloatArray],
    expected: Sequence[Sequence[Output]],
    usable: Sequence[int],
    file: str | Path,
) -> tuple[float, float]:
    """The largest (absolute, relative) one on the usable inputs. Raises ModelError if it is more than rounding."""
    try:
        found = run(sane, inputs)
    except ModelError as error:
        raise ModelError("conversion_failed", file=file, reason=error.values["reason"]) from error
    absolute, relative = largest_errors([expected[i] for i in usable], [found[i] for i in usable])
    if relative > MAX_RELATIVE_ERROR and not is_rounding(
        reference.SerializeToString(), sane, [inputs[index] for index in usable]
    ):
        raise ModelError(
            "conversion_failed",
            file=file,
            reason=f"its outputs would change by {relative:.1e} of their range",
        )
    return absolute, relative


def _as_imported(found: dict[str, Any], sane: bytes) -> Imported:
    """The inverse of `prepare_as_json`. Raises ValueError, KeyError or TypeError."""
    proof = {key: kind(found["proof"][key]) for key, kind in _PROOF.items()}
    return Imported(sane, spec_from_json(found["spec"]), proof)


def _input_shape(
    value: onnx.ValueInfoProto, spec: ModelSpec | None, file: str | Path
) -> tuple[int, int, int, int]:
    """The fixed shape that the model will have: one image, the specification's size or the declared one."""
    _, depth, height, width = (dim.dim_value for dim in value.type.tensor_type.shape.dim)
    if spec is None:
        return 1, depth or 3, height or DEFAULT_SIDE, width or DEFAULT_SIDE
    wanted = spec.input_shape[1]
    if depth not in (0, wanted):
        raise ModelError("channel_mismatch", file=file, channels=depth, color=spec.color, expected=wanted)
    return 1, wanted, spec.input_height, spec.input_width


def _sanitized(model: onnx.ModelProto, file: str | Path) -> tuple[onnx.ModelProto, list[Change]]:
    try:
        return sanitize(model)
    except ModelError as error:
        raise ModelError("conversion_failed", file=file, reason=error.values["reason"]) from error
    except (*_ONNX_FAILURES, RuntimeError, ValueError, MemoryError) as error:
        raise ModelError("conversion_failed", file=file, reason=first_line(error)) from error


def _complete(
    spec: ModelSpec | None,
    outputs: list[Output],
    shape: tuple[int, int, int, int],
    noted: tuple[str, ...],
    file: str | Path,
) -> ModelSpec:
    """The given specification, completed, or one from recognition."""
    _, depth, height, width = shape
    if spec is None:
        hints = recognise(outputs, (height, width)) or {"family": UNKNOWN, "scale": 1 / 255}
        hints = {**hints, "labels": _labels(hints, noted)}
        if depth == 1:
            mean, std = hints.get("mean", (0.0,)), hints.get("std", (1.0,))
            hints = {**hints, "color": "GRAY", "mean": mean[:1], "std": std[:1]}
        return ModelSpec(input_width=width, input_height=height, **hints)
    if spec.family == UNKNOWN:
        return spec
    family = FAMILIES.get(spec.family)
    shapes = [output.shape for output in outputs]
    found = family.recognise(shapes, (height, width)) or {}
    labels = spec.labels or _labels(found, noted)
    spec = dataclasses.replace(spec, labels=labels, strides=spec.strides or found.get("strides", ()))
    if family.task == "classification":
        if not found or len(found["labels"]) != len(spec.labels):
            raise misfit_error(family.name, shapes, spec)
    else:
        family.decode(outputs, spec)  # raises ModelError if they do not fit
    return spec


def _labels(hints: dict[str, Any], noted: tuple[str, ...]) -> tuple[str, ...]:
    """The names noted in the file if their number fits the outputs, else default names."""
    labels: tuple[str, ...] = hints.get("labels", ())
    fits = len(noted) == len(labels) or hints.get("family") == "end_to_end"
    return noted if noted and fits else labels


def _noted_labels(model: onnx.ModelProto) -> tuple[str, ...]:
    """Class names in the file's metadata: `{0: 'person', …}` under 'names', as Ultralytics writes them."""
    for entry in model.metadata_props:
        if entry.key == "names" and len(entry.value) <= _MAX_NOTE:
            try:
                names = ast.literal_eval(entry.value)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                return ()
            if isinstance(names, dict) and list(names) == list(range(len(names))):
                labels = tuple(str(name) for name in names.values())
                return labels if len(set(labels)) == len(labels) else ()
    return ()


def _input_change(value: onnx.ValueInfoProto, shape: tuple[int, ...]) -> list[Change]:
    declared = [dim.dim_param or dim.dim_value or "?" for dim in value.type.tensor_type.shape.dim]
    if declared == list(shape):
        return []
    before, after = ("×".join(str(size) for size in sizes) for sizes in (declared, shape))
    return [{"change": "input_fixed", "from": before, "to": after}]


def _does_not_run(file: str | Path, shape: tuple[int, ...], reason: object) -> ModelError:
    size = f"{shape[3]}×{shape[2]}"
    return ModelError("does_not_run", file=file, size=size, reason=reason)
