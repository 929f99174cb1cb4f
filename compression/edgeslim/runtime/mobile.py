"""onnxruntime's own format ('.ort'), which its small builds for phones open, and that format as a runtime.

It is run by the same onnxruntime: what it says and how long it takes is measured as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeslim import ort
from edgeslim.errors import ModelError, Notice
from edgeslim.runtime.base import FILE_FORMATS, RUNTIMES, Conversion
from edgeslim.runtime.environment import package_version

REVISION = "1"
"""Another one wherever other bytes are written for the same file."""


@dataclass(frozen=True)
class Mobile:
    name: str = "ort"
    suffix: str = ".ort"
    needs_images: bool = False

    def version(self) -> str:
        return f"{REVISION} {package_version('onnxruntime')}"

    def notices(self, file: Path) -> list[Notice]:
        import onnx

        from edgeslim.runtime.integer_layers import is_coded, is_half

        model = onnx.load(file)
        if not (is_coded(model) or is_half(model)):
            return []
        return [Notice("ort_decoded")]

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        from edgeslim.models.proof import pictures, probes
        from edgeslim.runtime.kernel_table import sorted_kernels

        content, session = ort.saved(file)
        content = sorted_kernels(content)
        again, shape = ort.open_session(content), session.inputs[0].fixed_shape
        assert len(shape) == 4, "inputs of our files are images"
        for tensor in (*probes(shape), *pictures(shape)):
            for wanted, found in zip(session.run(tensor), again.run(tensor), strict=True):
                if not np.array_equal(wanted, found, equal_nan=True):
                    raise ModelError("ort_changed")
        return content


@dataclass(frozen=True)
class OnnxRuntimeMobile:
    name: str = "onnxruntime-mobile"
    format: str = "ort"
    packages: tuple[str, ...] = ("onnxruntime",)

    def version(self) -> str:
        return package_version("onnxruntime")

    def options(self) -> dict[str, str]:
        return ort.options()

    def notices(self) -> tuple[()]:
        return ()

    def open(self, file: Path, threads: int = 1) -> ort.OrtSession:
        return ort.open_session(file, threads)


FILE_FORMATS.add(Mobile())
RUNTIMES.add(OnnxRuntimeMobile())
