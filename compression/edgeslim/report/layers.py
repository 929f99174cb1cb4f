"""A file's layers as plain data: what is measured of each, and in how few of them most lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeslim.analysis.layer_weights import LayerWeights
from edgeslim.analysis.network import Network, Node
from edgeslim.units import format_bytes, format_count

HALF = 0.5


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a layer beside what its file tells, where that was computed."""

    weights: LayerWeights | None = None
    decibels: float | None = None
    """Of its weights against those of the file that it is compared with."""
    sensitivity: float | None = None
    """Relative error of the network's outputs if this layer's weights alone are rounded to a few bits."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a layer. `value` is None where it has none; a `log` one spans orders of magnitude."""

    name: str
    value: Callable[[Node, Known], float | None]
    text: Callable[[float], str]
    log: bool = False
    adds: bool = False
    """Whether those of several layers can be summed."""


def _of_layer(name: str) -> Callable[[Node, Known], float | None]:
    def value(node: Node, known: Known) -> float | None:
        found: float | None = getattr(node, name)
        return found if node.layer else None

    return value


def _of_weights(read: Callable[[LayerWeights], float]) -> Callable[[Node, Known], float | None]:
    def value(node: Node, known: Known) -> float | None:
        return None if known.weights is None else read(known.weights)

    return value


MEASURES = {
    each.name: each
    for each in (
        Measure("bytes", _of_layer("bytes"), format_bytes, log=True, adds=True),
        Measure("params", _of_layer("params"), format_count, log=True, adds=True),
        Measure("macs", _of_layer("macs"), format_count, log=True, adds=True),
        Measure("bits", _of_layer("bits"), lambda bits: f"{bits:.2g}"),
        Measure("entropy", _of_weights(lambda found: found.entropy), lambda bits: f"{bits:.2f} bit"),
        Measure(
            "rank",
            _of_weights(lambda found: 100 * found.effective_rank / max(1, found.full_rank)),
            lambda share: f"{share:.0f} %",
        ),
        Measure("zeros", _of_weights(lambda found: 100 * found.zeros), lambda share: f"{share:.1f} %"),
        Measure("sensitivity", lambda _, known: known.sensitivity, lambda error: f"{error:.2g}", log=True),
        Measure("sqnr", lambda _, known: known.decibels, lambda decibels: f"{decibels:.1f} dB"),
    )
}
"""What boxes are coloured by; the last five where what they need was computed (`Known`)."""


@dataclass(frozen=True, slots=True)
class LayerFigure:
    """What the panel of a layer tells; of several layers (those that one was split into) together."""

    name: str
    of: Callable[[Sequence[Node]], str]


def _sum(name: str, text: Callable[[float], str]) -> LayerFigure:
    return LayerFigure(name, lambda nodes: text(sum(getattr(node, name) for node in nodes)))


def _bits(nodes: Sequence[Node]) -> str:
    return ", ".join(dict.fromkeys(f"{node.bits:.1f}" for node in nodes if node.bits is not None))


LAYER_FIGURES = (
    _sum("bytes", format_bytes),
    _sum("params", format_count),
    _sum("macs", format_count),
    LayerFigure("bits", _bits),
    LayerFigure("stored", lambda nodes: ", ".join(dict.fromkeys(node.stored or "" for node in nodes))),
    LayerFigure("computes", lambda nodes: ", ".join(dict.fromkeys(node.computes for node in nodes))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """One layer of a table. Shares are of the whole file's."""

    name: str
    operator: str
    shape: str
    """Of the weight."""
    output: str
    params: int
    macs: int
    bytes: int
    share: float
    stored: str
    bits: float | None
    computes: str


def layer_rows(network: Network) -> tuple[LayerRow, ...]:
    """Every layer with weights, in the order of computation."""
    return tuple(
        LayerRow(
            name=node.name,
            operator=operator(node),
            shape=sides(node.weight or ()),
            output=sides(node.shape_out[1:]),
            params=node.params,
            macs=node.macs,
            bytes=node.bytes,
            share=node.bytes / network.file,
            stored=node.stored or "",
            bits=node.bits,
            computes=node.computes,
        )
        for node in network.nodes
        if node.layer
    )


def operator(node: Node) -> str:
    """'Conv 3×3 + Relu', a depthwise one as such."""
    kind = "Depthwise" if node.depthwise else node.op
    kernel = f" {sides(node.kernel)}" if node.kernel else ""
    return " + ".join([f"{kind}{kernel}", *activation(node.fused)])


def activation(fused: tuple[str, ...]) -> tuple[str, ...]:
    """What several operators come to: x · σ(x) is SiLU."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {
        ("Sigmoid", "Mul"): ("SiLU",),
        ("Add", "Clip", "Mul", "Div"): ("HardSwish",),
        ("HardSigmoid", "Mul"): ("HardSwish",),
        ("Softplus", "Tanh", "Mul"): ("Mish",),
    }
    found = tuple(each for each in fused if each != "BatchNormalization")
    norm = ("BatchNorm",) if len(found) < len(fused) else ()
    return norm + known.get(found, found)


def heaviest(network: Network, share: float = HALF) -> int:
    """How few layers hold that share of the file's bytes."""
    sizes = sorted((node.bytes for node in network.nodes if node.layer), reverse=True)
    total, count = 0, 0
    for size in sizes:
        if total >= share * network.file:
            break
        total, count = total + size, count + 1
    return count


def sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
