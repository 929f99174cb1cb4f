"""onnxruntime as a runtime, and ONNX as a delivered format: the counted file itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeslim import ort
from edgeslim.errors import Notice
from edgeslim.runtime.base import FILE_FORMATS, MAIN, RUNTIMES, Conversion
from edgeslim.runtime.environment import package_version


@dataclass(frozen=True)
class Onnx:
    name: str = "onnx"
    suffix: str = ".onnx"
    needs_images: bool = False

    def version(self) -> str:
        return ""

    def notices(self, file: Path) -> tuple[()]:
        return ()

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        return file.read_bytes()


@dataclass(frozen=True)
class OnnxRuntime:
    """On the CPU, with exact integer sums (docs/decisions/0010)."""

    name: str = MAIN
    format: str = "onnx"
    packages: tuple[str, ...] = ("onnxruntime",)

    def version(self) -> str:
        return package_version("onnxruntime")

    def options(self) -> dict[str, str]:
        return ort.options()

    def notices(self) -> list[Notice]:
        if not ort.saturates():
            return []
        return [Notice("exact_sums", option=ort.EXACT_SUMS)]

    def open(self, file: Path, threads: int = 1) -> ort.OrtSession:
        return ort.open_session(file, threads)


FILE_FORMATS.add(Onnx())
ONNXRUNTIME = OnnxRuntime()
RUNTIMES.add(ONNXRUNTIME)
