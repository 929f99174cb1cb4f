"""Singular values of a picture, of a trained kernel and of random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.live import Array, LowRank
from edgeslim.lessons.predictions import Number
from edgeslim.lessons.views import Axis, Lines, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.detections import Doubles
    from edgeslim.lessons.lab import Lab

MODEL = "street-signs-small"
KERNEL, HEAD = "stage16.0.0.weight", "head16.classify.0.0.weight"
HEIGHT, WIDTH = 96, 144
PLACES = (0, 3)
"""Images of the validation split: of the first all experiments speak."""
MATRICES = ("kernel", "picture", "random")
ENERGIES = (0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture(Experiment):
    """A matrix, its singular values, and the sum of its first terms."""

    name = "picture"
    uses = (MODEL,)

    def run(self, lab: Lab) -> Outcome:
        shown = LowRank(
            matrices=tuple(Array.of(name, _kernel(lab, name)) for name in (KERNEL, HEAD)),
            pictures=tuple(
                Array.of(f"picture_{number}", _picture(lab, place)) for number, place in enumerate(PLACES, 1)
            ),
        )
        return Outcome(facts={}, views=(shown,), on=MeasuredOn(model=MODEL, dataset="street-signs"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rank(Experiment):
    """How many terms keep a share of the energy, and how many numbers these terms take."""

    name = "rank"
    uses = (MODEL,)
    predicts = Number(
        of="share", unit=Axis(name="rank_share", unit="share"), low=0, high=1, step=0.01, near=0.08
    )

    matrix: str = param("kernel", choices=MATRICES)
    energy: float = param(0.95, low=0, high=1, search=ENERGIES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.metrics.redundancy import energy_by_rank

        kernel, picture = _kernel(lab, KERNEL), _picture(lab, PLACES[0])
        matrices = {
            "kernel": kernel,
            # Of what is left without its mean grey, which is one term of rank one and most of the energy.
            "picture": picture - picture.mean(),
            "random": np.random.default_rng(0).normal(size=kernel.shape),
        }
        kept = {
            name: energy_by_rank(np.linalg.svd(matrix, compute_uv=False)) for name, matrix in matrices.items()
        }
        rows, columns = matrices[self.matrix].shape
        full = min(rows, columns)
        rank = int(np.searchsorted(kept[self.matrix], self.energy)) + 1
        return Outcome(
            facts={
                "rank": Fact(value=rank, unit="count"),
                "full": Fact(value=full, unit="count"),
                "share": Fact(value=rank / full, unit="share"),
                "numbers": Fact(value=rank * (rows + columns) / (rows * columns), unit="share"),
                "even": Fact(value=rows * columns / (rows + columns), unit="count"),
                "error": Fact(value=float(np.sqrt(1 - kept[self.matrix][rank - 1])), unit="share"),
            },
            views=(
                Lines(
                    x=Axis(name="rank_share", unit="share"),
                    y=Axis(name="energy", unit="share"),
                    series=tuple(
                        Series(
                            name=name,
                            x=tuple(((np.arange(len(energy)) + 1) / len(energy)).tolist()),
                            y=tuple(energy.tolist()),
                        )
                        for name, energy in kept.items()
                    ),
                ),
            ),
            on=MeasuredOn(
                model="" if self.matrix != "kernel" else MODEL,
                dataset="street-signs" if self.matrix == "picture" else "",
                images=1 if self.matrix == "picture" else 0,
            ),
        )


def _kernel(lab: Lab, name: str) -> Doubles:
    """A layer's weight as (output channels, inputs)."""
    import numpy as np
    import onnx

    from edgeslim.steps.onnx_layers.layers import array_of

    weight = array_of(onnx.load(lab.store.path(lab.make(MODEL).sha256)), name)
    return weight.reshape(len(weight), -1).astype(np.float64)


def _picture(lab: Lab, place: int) -> Doubles:
    """A validation image in grey, 0 … 255."""
    import numpy as np
    from PIL import Image

    image = Image.fromarray(lab.workload(MODEL).evaluation.image(place))
    grey = image.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    return np.asarray(grey, np.float64)
