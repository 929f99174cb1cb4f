"""Weights as codes: their entropy, a coder that reaches it, and what zip makes of real files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.live import Array, Entropy
from edgeslim.lessons.predictions import Door, Number
from edgeslim.lessons.views import Axis, Bars, Counts, Histogram, Series
from edgeslim.params import param

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

DETECTOR, IMAGES = "street-signs-small", 96
MODELS = (DETECTOR, "digits-cnn")
OPENED = ("stage16.0.0.weight", "head16.locate.0.0.weight", "stage8.1.expand.0.weight")
"""Of the detector's larger layers: a usual one, that of least entropy, and that of most."""
WIDTHS = (1, 2, 3, 4, 5, 6, 8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture(Experiment):
    """The histogram of a layer, its entropy, and one bin's share of it."""

    name = "picture"
    uses = (DETECTOR,)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.lessons.redundancy.arithmetic import encode

        weights = stored_weights(lab, DETECTOR)
        layers = tuple(Array.of(name, weights[name]) for name in OPENED)
        coded = tuple(
            tuple(float(len(encode(codes_of([layer.numbers], bits), bits))) for bits in WIDTHS)
            for layer in layers
        )
        picture = Entropy(layers=layers, coder="arithmetic", bits=WIDTHS, coded=coded)
        return Outcome(facts={}, views=(picture,), on=MeasuredOn(model=DETECTOR))


@dataclass(frozen=True, kw_only=True, slots=True)
class Codes(Experiment):
    """All weights of a network as codes of b bits: their entropy, and what four coders need."""

    name = "codes"
    uses = MODELS
    predicts = Number(
        of="needed", unit=Axis(name="bits_per_weight", unit="bits"), low=0, high=8, step=0.1, near=0.5
    )

    bits: int = param(8, search=(1, 2, 3, 4, 6, 8))
    model: str = param(DETECTOR, choices=MODELS)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.lessons.redundancy.arithmetic import encode
        from edgeslim.metrics.size import entropy_bits

        codes = codes_of(list(stored_weights(lab, self.model).values()), self.bits)
        needed = {
            "stored": codes.size * self.bits / 8,
            **general_coders(codes.tobytes()),
            "arithmetic": float(len(encode(codes, self.bits))),
            "bound": entropy_bits(codes) / 8,
        }
        facts = {name: Fact(value=size, unit="bytes") for name, size in needed.items()}
        counts = np.bincount(codes, minlength=1 << self.bits)
        return Outcome(
            facts={
                **facts,
                "needed": Fact(value=8 * needed["arithmetic"] / codes.size, unit="bits"),
                "entropy": Fact(value=8 * needed["bound"] / codes.size, unit="bits"),
                "above": Fact(value=needed["arithmetic"] / needed["bound"] - 1, unit="share"),
                "redundancy": Fact(value=1 - needed["bound"] / needed["stored"], unit="share"),
                "weights": Fact(value=codes.size, unit="count"),
            },
            views=(
                Histogram(
                    x=Axis(name="code"),
                    edges=tuple(map(float, range(len(counts) + 1))),
                    series=(Counts(name="weights", counts=tuple(counts.tolist())),),
                ),
                byte_bars(needed),
            ),
            on=MeasuredOn(model=self.model),
        )

    def door(self) -> Door:
        return in_lab(self.model)


FILES = ("float32", "float16", "bits8", "bits4", "pruned50", "pruned90", "pruned50_bits4")


@dataclass(frozen=True, kw_only=True, slots=True)
class Files(Experiment):
    """A whole file through general compressors, before and after quantization and pruning."""

    name = "files"
    uses = (DETECTOR,)
    predicts = Number(of="saved", unit=Axis(name="saved", unit="share"), low=0, high=1, step=0.01, near=0.05)

    file: str = param("float32", choices=FILES)

    def run(self, lab: Lab) -> Outcome:
        measured = lab.measure(DETECTOR, *_steps(self.file), images=IMAGES)
        content = lab.store.path(measured.sha256).read_bytes()
        sizes = {
            "file": float(len(content)),
            **general_coders(content),
            "bound": float(measured.sizes.entropy_bound or 0),
        }
        return Outcome(
            facts={
                **file_facts(measured),
                **{name: Fact(value=size, unit="bytes") for name, size in sizes.items()},
                "saved": Fact(value=1 - sizes["zip"] / sizes["file"], unit="share"),
            },
            views=(byte_bars(sizes),),
            on=measured_on(lab.workload(DETECTOR, IMAGES)),
        )

    def door(self) -> Door:
        return in_lab(DETECTOR, _steps(self.file))


def _steps(file: str) -> tuple[Step, ...]:
    from edgeslim.steps.pruning.magnitude import MagnitudePruning
    from edgeslim.steps.quantization.float16 import Float16
    from edgeslim.steps.quantization.low_bit import LowBitWeights

    half = MagnitudePruning(sparsity=0.5)
    four = LowBitWeights(bits=4, storage="bytes", rounding="nearest")
    return {
        "float32": (),
        "float16": (Float16(),),
        "bits8": (LowBitWeights(bits=8, storage="bytes", rounding="nearest"),),
        "bits4": (four,),
        "pruned50": (half,),
        "pruned90": (MagnitudePruning(sparsity=0.9),),
        "pruned50_bits4": (half, four),
    }[file]


def stored_weights(lab: Lab, model: str) -> dict[str, NDArray[np.float32]]:
    """Every weight of the deployable form, by layer."""
    import onnx

    from edgeslim.steps.onnx_layers.layers import array_of, weight_layers

    graph = onnx.load(lab.store.path(lab.make(model).sha256))
    return {layer.name: array_of(graph, layer.name) for layer in weight_layers(graph)}


def codes_of(weights: list[NDArray[np.floating]], bits: int) -> NDArray[np.uint8]:
    """The bins of all weights in a row, each layer over its own range."""
    import numpy as np

    from edgeslim.metrics.redundancy import places

    return np.concatenate([places(weight, 1 << bits) for weight in weights]).astype(np.uint8)


def general_coders(content: bytes) -> dict[str, float]:
    """Bytes after zip's method (Deflate, level 9) and zstd -19, neither of which knows what is in the file."""
    import zlib

    from edgeslim.metrics.size import download_bytes

    return {"zip": float(len(zlib.compress(content, 9))), "zstd": float(download_bytes(content))}


def byte_bars(sizes: dict[str, float]) -> Bars:
    return Bars(
        y=Axis(name="size", unit="bytes"),
        groups=tuple(sizes),
        series=(Series(name="size", y=tuple(sizes.values())),),
    )
