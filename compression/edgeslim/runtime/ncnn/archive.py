"""A delivered network of ncnn: its two files, and the shapes that neither tells, in one zip that stores them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Shape = tuple[int, ...]
_PARAM, _BIN, _SHAPES = "model.param", "model.bin", "shapes.json"
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """ncnn knows no batch and writes no shapes: what goes in and comes out is kept as in the ONNX file."""

    param: str
    bin: bytes
    input_name: str
    input_shape: Shape
    outputs: Sequence[tuple[str, Shape]]

    def to_bytes(self) -> bytes:
        """The zip; equal archives, equal bytes."""
        shapes = {key: value for key, value in asdict(self).items() if key not in ("param", "bin")}
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as packed:
            for name, data in (
                (_PARAM, self.param.encode()),
                (_BIN, self.bin),
                (_SHAPES, json.dumps(shapes).encode()),
            ):
                entry = zipfile.ZipInfo(name, _DATE)
                entry.create_system = 3  # the same on every system
                packed.writestr(entry, data)
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Archive:
        """Raises ValueError, KeyError, zipfile.BadZipFile."""
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            shapes = json.loads(packed.read(_SHAPES))
            return cls(
                param=packed.read(_PARAM).decode(),
                bin=packed.read(_BIN),
                input_name=str(shapes["input_name"]),
                input_shape=tuple(shapes["input_shape"]),
                outputs=tuple((str(name), tuple(shape)) for name, shape in shapes["outputs"]),
            )
