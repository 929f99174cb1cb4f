"""What a runtime is, and what a delivered file is. Adding one is a file here, or two for its format, and an import line.

The ONNX file is what is counted: sizes, multiply-accumulates, entropy. What runs on a device may be another file that
is made from it, in the format that the device's runtime opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgeslim.errors import EdgeSlimError, Notice
from edgeslim.registry import Registry
from edgeslim.sessions import Session

if TYPE_CHECKING:
    from edgeslim.datasets.base import Split
    from edgeslim.models.base import ModelSpec

MAIN = "onnxruntime"
"""The runtime of every study; its figures are a trial's own."""


class Runtime(Protocol):
    """Opens files of one format and runs them on this machine."""

    @property
    def name(self) -> str: ...

    @property
    def format(self) -> str:
        """Name of the FILE_FORMATS that it opens."""

    @property
    def packages(self) -> Sequence[str]:
        """What pip installs for it and for its format."""

    def version(self) -> str:
        """Empty if it is not installed. Imports nothing."""

    def options(self) -> Mapping[str, str]:
        """What it is told on opening a file, as far as that can change results or latency."""

    def notices(self) -> Sequence[Notice]:
        """What a user should know of it on this machine."""

    def open(self, file: Path, threads: int = 1) -> Session:
        """A session on so many threads. Raises ModelError."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a converter may need besides the file: how images are prepared, and images to calibrate on."""

    spec: ModelSpec
    images: Split | None


class FileFormat(Protocol):
    """A kind of file in which a network is delivered."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str:
        """Such as '.onnx': a dot and no other."""

    @property
    def needs_images(self) -> bool:
        """Whether the delivered file depends on the calibration images."""

    def version(self) -> str:
        """Of what converts: another version may give other bytes."""

    def notices(self, file: Path) -> Sequence[Notice]:
        """What an ONNX file of ours loses on the way, such as packed weights that become float16. Converts nothing."""

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        """The delivered file, from an ONNX file of ours; equal arguments, equal bytes. Raises ModelError."""


RUNTIMES: Registry[Runtime] = Registry("runtime")
FILE_FORMATS: Registry[FileFormat] = Registry("file format")


def installed(name: str) -> Runtime:
    """The runtime of that name. Raises EdgeSlimError (unknown_name, runtime_missing)."""
    runtime = RUNTIMES.get(name)
    if not runtime.version():
        packages = " ".join(runtime.packages)
        raise EdgeSlimError("runtime_missing", runtime=name, packages=packages)
    return runtime


def check_runtimes(names: Iterable[str]) -> tuple[str, ...]:
    """The names, the main one first, each once. Raises EdgeSlimError as `installed` does."""
    return tuple(installed(name).name for name in dict.fromkeys((MAIN, *names)))


def runtime_environment(names: Iterable[str]) -> dict[str, str]:
    """Version and options of runtimes, to be recorded with what was measured in them."""
    found: dict[str, str] = {}
    for runtime in map(RUNTIMES.get, names):
        told = " ".join(f"{key}={value}" for key, value in sorted(runtime.options().items()))
        found |= {runtime.name: runtime.version(), f"{runtime.name} options": told}
    return found
