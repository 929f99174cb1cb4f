"""A second runtime, for tests: ONNX's own reference implementation, on files of a format of its own."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from edgeslim.errors import ModelError, Notice
from edgeslim.runtime.base import FILE_FORMATS, RUNTIMES, Conversion
from edgeslim.sessions import Input, Tensor

MAGIC = b"coarse"


@dataclass(frozen=True)
class Coarse:
    """Compressed ONNX whose float weights are rounded to `digits` binary digits: outputs show what was run."""

    name: str = "coarse"
    suffix: str = ".coarse"
    needs_images: bool = False
    digits: int = 4

    def version(self) -> str:
        return "1"

    def notices(self, file: Path) -> tuple[Notice]:
        return (Notice("coarse_weights", digits=self.digits),)

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        if os.environ.get("EDGESLIM_TEST_RUNTIME") == "refuses":
            raise ModelError("ncnn_refused", reason="it is refused")
        model = onnx.load(file)
        for tensor in model.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT:
                fraction, exponent = np.frexp(numpy_helper.to_array(tensor))
                rounded = np.ldexp(np.round(fraction * 2**self.digits) / 2**self.digits, exponent)
                tensor.CopyFrom(numpy_helper.from_array(rounded.astype(np.float32), tensor.name))
        return MAGIC + zlib.compress(model.SerializeToString(deterministic=True))


@dataclass(frozen=True)
class Reference:
    name: str = "reference"
    format: str = "coarse"
    packages: tuple[str, ...] = ("onnx",)

    def version(self) -> str:
        return str(onnx.__version__)

    def options(self) -> dict[str, str]:
        return {"verbose": "0"}

    def notices(self) -> tuple[()]:
        return ()

    def open(self, file: Path, threads: int = 1) -> ReferenceSession:
        try:
            content = file.read_bytes()
            if not content.startswith(MAGIC):
                raise ValueError("it is no coarse file")
            return ReferenceSession(onnx.load_model_from_string(zlib.decompress(content[len(MAGIC) :])))
        except (OSError, ValueError, zlib.error) as error:
            raise ModelError(
                "runtime_not_loadable", runtime="reference", file=file.name, reason=error
            ) from error


class ReferenceSession:
    def __init__(self, model: onnx.ModelProto) -> None:
        self._evaluator = ReferenceEvaluator(model)
        image = model.graph.input[0]
        tensor = image.type.tensor_type
        shape = tuple(dim.dim_value or dim.dim_param or None for dim in tensor.shape.dim)
        self.inputs = (Input(image.name, shape, onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)),)

    def run(self, tensor: Tensor) -> list[Tensor]:
        image = self.inputs[0]
        expected = image.fixed_shape
        if tensor.shape != expected:
            raise ModelError(
                "runtime_not_runnable", runtime="reference", reason=f"{tensor.shape} is not {expected}"
            )
        outputs = self._evaluator.run(None, {image.name: tensor.astype(image.dtype, copy=False)})
        return [np.asarray(each) for each in outputs]


def register() -> None:
    FILE_FORMATS.add(Coarse())
    RUNTIMES.add(Reference())
