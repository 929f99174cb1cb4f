"""A converted file is found where nothing converts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.measurement.delivery import deliver
from edgeslim.measurement.workload import Workload
from edgeslim.models.base import Model, ModelSpec
from edgeslim.runtime.base import Conversion


@dataclass
class Counted:
    """Content with the version of what converted it; says how often that was."""

    installed: str
    name: str = "counted"
    suffix: str = ".counted"
    needs_images: bool = False
    made: list[str] = field(default_factory=list)

    def version(self) -> str:
        return self.installed

    def notices(self, file: Path) -> tuple[()]:
        return ()

    def convert(self, file: Path, conversion: Conversion) -> bytes:
        if not self.installed:
            raise ModelError("converter_missing", suffix=".x", packages="y")
        self.made.append(self.installed)
        return file.read_bytes() + self.installed.encode()


def test_the_file_that_was_converted_last_serves_a_machine_without_the_converter(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sha256 = store.put(b"network", ".onnx")
    model = Model("m", store.path(sha256), sha256, ModelSpec(input_width=8, input_height=8), "imported")
    workload = cast(Workload, _Workload(model))

    def delivered(version: str) -> bytes:
        to = Counted(version)
        return store.path(deliver(sha256, to, workload, store), to.suffix).read_bytes()

    with pytest.raises(ModelError, match="Nothing installed here makes"):
        delivered("")
    assert delivered("1") == b"network1"
    assert delivered("") == b"network1"
    assert delivered("2") == b"network2"
    assert delivered("") == b"network2"
    again = Counted("1")
    deliver(sha256, again, workload, store)
    assert again.made == [], "converted once by each version"


@dataclass
class _Workload:
    model: Model
    data: Any = None
