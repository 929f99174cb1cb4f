"""ncnn as a runtime, and what it opens as a delivered format (extra 'ncnn')."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import ModelError, Notice
from edgeslim.runtime.base import FILE_FORMATS, RUNTIMES, Conversion
from edgeslim.runtime.environment import package_version
from edgeslim.runtime.ncnn.archive import Archive
from edgeslim.runtime.ncnn.session import OPTIONS, NcnnSession, open_archive

REVISION = "1"
"""Another one wherever other bytes are written for the same file."""


@dataclass(frozen=True)
class NcnnFormat:
    name: str = "ncnn"
    suffix: str = ".zip"
    needs_images: bool = True
    """To prove the conversion on."""

    def version(self) -> str:
        converter = package_version("pnnx")
        return converter and f"{REVISION} {package_version('ncnn')} {converter}"

    def notices(self, file: Path) -> list[Notice]:
        from edgeslim.runtime.ncnn.convert import lost

        return lost(file)

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        if not self.version():
            raise ModelError("converter_missing", suffix=self.suffix, packages="pnnx")
        from edgeslim.runtime.ncnn.convert import convert

        return convert(file, conversion)


@dataclass(frozen=True)
class Ncnn:
    """On the CPU."""

    name: str = "ncnn"
    format: str = "ncnn"
    packages: tuple[str, ...] = ("ncnn", "pnnx")

    def version(self) -> str:
        return package_version("ncnn")

    def options(self) -> dict[str, str]:
        return {key: str(value) for key, value in OPTIONS.items()}

    def notices(self) -> tuple[()]:
        return ()

    def open(self, file: Path, threads: int = 1) -> NcnnSession:
        try:
            return open_archive(Archive.from_bytes(file.read_bytes()), threads)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                "runtime_not_loadable",
                runtime="ncnn",
                file=file.name,
                reason=str(error) or type(error).__name__,
            ) from error


FILE_FORMATS.add(NcnnFormat())
RUNTIMES.add(Ncnn())
