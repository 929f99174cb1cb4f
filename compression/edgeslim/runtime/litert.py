"""LiteRT (TensorFlow Lite) as a runtime: it runs .tflite files on the CPU, and needs no converter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import ModelError, Notice, first_line
from edgeslim.runtime.base import RUNTIMES
from edgeslim.runtime.environment import package_version
from edgeslim.sessions import Input, Tensor

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

_FAILURES = (RuntimeError, ValueError, OSError)


@dataclass(frozen=True)
class LiteRt:
    """With XNNPACK's kernels, as a user of the file has them who sets nothing."""

    name: str = "litert"
    format: str = "tflite"
    packages: tuple[str, ...] = ("ai-edge-litert", "litert-torch")

    def version(self) -> str:
        return package_version("ai-edge-litert")

    def options(self) -> dict[str, str]:
        return {}

    def notices(self) -> list[Notice]:
        return [Notice("litert_int8")]

    def open(self, file: Path, threads: int = 1) -> LiteRtSession:
        from ai_edge_litert.interpreter import Interpreter

        try:
            return LiteRtSession(Interpreter(str(file), num_threads=threads))
        except _FAILURES as error:
            raise ModelError(
                "runtime_not_loadable", runtime="LiteRT", file=file.name, reason=first_line(error)
            ) from error


class LiteRtSession:
    """An interpreter with its tensors allocated (`edgeslim.sessions.Session`)."""

    def __init__(self, interpreter: Interpreter) -> None:
        interpreter.allocate_tensors()
        self._interpreter = interpreter
        self._image = interpreter.get_input_details()[0]["index"]
        self._outputs = [each["index"] for each in interpreter.get_output_details()]

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(
            Input(each["name"], tuple(map(int, each["shape"])), np.dtype(each["dtype"]))
            for each in self._interpreter.get_input_details()
        )

    def run(self, tensor: Tensor) -> list[Tensor]:
        try:
            self._interpreter.set_tensor(self._image, np.ascontiguousarray(tensor, self.inputs[0].dtype))
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]
        except _FAILURES as error:
            raise ModelError("runtime_not_runnable", runtime="LiteRT", reason=first_line(error)) from error


LITERT = LiteRt()
RUNTIMES.add(LITERT)
