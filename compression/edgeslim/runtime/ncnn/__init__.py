"""ncnn as a runtime, and what it opens as a delivered format (extra 'ncnn')."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from edgeslim.runtime.base import FILE_FORMATS, RUNTIMES, not_loadable
from edgeslim.runtime.environment import package_version
from edgeslim.runtime.ncnn.archive import Archive
from edgeslim.runtime.ncnn.convert import NcnnFormat
from edgeslim.runtime.ncnn.session import OPTIONS, NcnnSession, open_archive


@dataclass(frozen=True)
class Ncnn:
    """On the CPU, one network after the other."""

    name: str = "ncnn"
    format: str = "ncnn"
    packages: tuple[str, ...] = ("ncnn", "pnnx")

    def version(self) -> str:
        return package_version("ncnn") if package_version("pnnx") else ""

    def options(self) -> dict[str, str]:
        return {key: str(value) for key, value in OPTIONS.items()}

    def notices(self) -> tuple[()]:
        return ()

    def open(self, file: Path, threads: int = 1) -> NcnnSession:
        try:
            return open_archive(Archive.from_bytes(file.read_bytes()), threads)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise not_loadable("ncnn", file, str(error) or type(error).__name__) from error


FILE_FORMATS.add(NcnnFormat())
RUNTIMES.add(Ncnn())
