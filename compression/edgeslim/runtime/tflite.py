"""TensorFlow Lite as a delivered format (extra 'tflite'): float32, and int8 where the ONNX file is int8."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeslim.errors import ModelError, Notice
from edgeslim.runtime.base import FILE_FORMATS, Conversion
from edgeslim.runtime.environment import package_version
from edgeslim.runtime.litert import LITERT

CONVERTER = "litert-torch"


@dataclass(frozen=True)
class TfLite:
    """Integers, their ranges and scales are the ONNX file's own: nothing is calibrated again."""

    name: str = "tflite"
    suffix: str = ".tflite"
    needs_images: bool = False

    def version(self) -> str:
        return package_version(CONVERTER)

    def notices(self, file: Path) -> list[Notice]:
        import onnx

        from edgeslim.runtime.integer_layers import is_packed

        if not is_packed(onnx.load(file)):
            return []
        return [Notice("tflite_coded")]

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        """Raises ModelError: 'converter_missing', 'not_in_tflite', 'delivery_differs'."""
        if not self.version():
            raise ModelError("converter_missing", suffix=self.suffix, packages=CONVERTER)
        from edgeslim.export.tflite.convert import to_tflite
        from edgeslim.runtime.proof import prove

        made = to_tflite(file.read_bytes(), file)
        with TemporaryDirectory() as folder:
            delivered = Path(folder) / f"proof{self.suffix}"
            delivered.write_bytes(made)
            prove(file, LITERT.open(delivered), conversion.spec, self.suffix)
        return made


FILE_FORMATS.add(TfLite())
