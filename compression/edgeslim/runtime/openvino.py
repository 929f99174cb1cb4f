"""OpenVINO as a runtime (extra 'openvino'): it opens our ONNX files as they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import ModelError, Notice
from edgeslim.runtime.base import RUNTIMES
from edgeslim.runtime.environment import package_version
from edgeslim.sessions import Input, Tensor

if TYPE_CHECKING:
    import openvino


@dataclass(frozen=True)
class OpenVino:
    """On the CPU, in the numbers that the file says: never in bfloat16 where it says float."""

    name: str = "openvino"
    format: str = "onnx"
    packages: tuple[str, ...] = ("openvino",)

    def version(self) -> str:
        return package_version("openvino")

    def options(self) -> dict[str, str]:
        return {
            "EXECUTION_MODE_HINT": "ACCURACY",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "ENABLE_CPU_PINNING": "NO",  # studies share the cores
        }

    def notices(self) -> list[Notice]:
        return [Notice("openvino_int8")]

    def open(self, file: Path, threads: int = 1) -> OpenVinoSession:
        import openvino
        from openvino import frontend

        failures = (
            frontend.GeneralFailure,
            frontend.InitializationFailure,
            frontend.NotImplementedFailure,
            frontend.OpConversionFailure,
            frontend.OpValidationFailure,
        )
        settings = self.options() | {"INFERENCE_NUM_THREADS": str(threads)}
        try:
            file.open("rb").close()  # what is not there, OpenVINO reads as an empty model
            reader = frontend.FrontEndManager().load_by_framework("onnx")  # no guessing among other formats
            network = reader.convert(reader.load(str(file)))
            if not network.inputs:
                raise RuntimeError("it has no input")
            return OpenVinoSession(openvino.Core().compile_model(network, "CPU", settings))
        except (*failures, RuntimeError, OSError) as error:
            raise ModelError(
                "runtime_not_loadable", runtime="OpenVINO", file=file.name, reason=_reason(error)
            ) from error


class OpenVinoSession:
    """A compiled network (`edgeslim.sessions.Session`)."""

    def __init__(self, compiled: openvino.CompiledModel) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(
            Input(
                each.any_name,
                tuple(dim.get_length() if dim.is_static else None for dim in each.partial_shape),
                np.dtype(each.element_type.to_dtype()),
            )
            for each in self._compiled.inputs
        )

    def run(self, tensor: Tensor) -> list[Tensor]:
        image = self.inputs[0]
        try:
            found = self._request.infer({0: np.ascontiguousarray(tensor, image.dtype)})
        except (RuntimeError, ValueError) as error:
            raise ModelError("runtime_not_runnable", runtime="OpenVINO", reason=_reason(error)) from error
        return [found[output] for output in self._compiled.outputs]


def _reason(error: Exception) -> str:
    """The error's message: what it lists, else its first line that is no place in OpenVINO's source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    listed = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
    said = [line for line in lines if not line.startswith(("Exception from ", "Check ", "FrontEnd API"))]
    return (listed or said or lines or [type(error).__name__])[0][:200].rstrip(".")


RUNTIMES.add(OpenVino())
