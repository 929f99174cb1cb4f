"""What comes out of a framework: the same network as files, with the code or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.predictions import Choice, Door
from edgeslim.lessons.views import Axis, Bars, Series, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

MODELS = ("street-signs-small", "street-signs-medium", "digits-cnn", "digits-mlp", "digits-gru")
FLOATS = ("torch_weights", "safetensors", "torch_program", "onnx")
"""In float32, all of the same weights."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Files(Experiment):
    """Every file that can be made of a trained network here."""

    name = "files"
    uses = MODELS
    predicts = Choice(options=FLOATS)

    model: str = param("street-signs-small", choices=MODELS)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.lessons.frameworks.made import (
            files,
            images,
            others,
            program,
            safetensors,
            state_dict,
            torch_network,
        )
        from edgeslim.metrics.size import download_bytes

        network = torch_network(self.model)
        parameters = sum(each.numel() for each in network.parameters())
        contents = {
            "torch_weights": state_dict(network),
            "safetensors": safetensors(network),
            "torch_program": program(network, images(lab, self.model, 1)[0]),
            **{each.name: each.path.read_bytes() for each in files(lab, self.model)},
        }
        sizes = {name: len(content) for name, content in contents.items()}
        return Outcome(
            facts={
                **{name: Fact(value=sizes[name], unit="bytes") for name in FLOATS},
                "weights": Fact(value=4 * parameters, unit="bytes"),
                "smallest": Fact(value=min(sizes.values()), unit="bytes"),
                "installed": Fact(value=1 + len(others()), unit="count"),
            },
            views=(
                Bars(
                    y=Axis(name="file", unit="bytes"),
                    groups=tuple(sizes),
                    series=(Series(name="file", y=tuple(sizes.values())),),
                ),
                Table(
                    columns=(
                        Axis(name="file", unit="bytes"),
                        Axis(name="download", unit="bytes"),
                        Axis(name="bytes_per_weight"),
                    ),
                    rows=tuple(sizes),
                    values=tuple(
                        (size, download_bytes(contents[name]), size / parameters)
                        for name, size in sizes.items()
                    ),
                ),
            ),
            on=MeasuredOn(model=self.model),
            answer=max(FLOATS, key=lambda name: sizes[name]),
        )

    def door(self) -> Door:
        return in_lab(self.model)
