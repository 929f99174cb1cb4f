"""Why a layer is as it is: what each step of the recipe has recorded of it, or decides by a fixed rule.

What is neither recorded nor ruled is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from edgeslim.analysis.network import Network, Node
from edgeslim.analysis.network_matching import Pair
from edgeslim.artifacts.artifact import Stage
from edgeslim.steps.quantization.dynamic_int8 import SMALLEST as SMALLEST_DYNAMIC
from edgeslim.steps.quantization.float16 import SMALLEST as SMALLEST_HALF
from edgeslim.steps.quantization.int8_assignment import ACTIVATIONS

Values = Mapping[str, float | str]
Told = tuple[str, str, Values]
"""Step, code of the words, values for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A layer before and after, and where it stands."""

    before: Network
    after: Network
    pair: Pair
    kinds: Sequence[str]

    @property
    def nodes(self) -> list[Node]:
        return [self.after.nodes[place] for place in self.pair.after]

    @property
    def names(self) -> set[str]:
        """All names under which steps may have recorded it."""
        nodes = [*(self.before.nodes[place] for place in self.pair.before), *self.nodes]
        known = {name for node in nodes for name in (node.name, node.weight_name)}
        if len(self.pair.before) == 1:
            name = self.before.nodes[self.pair.before[0]].name
            known |= {f"{name}.{number}" for number in range(len(self.pair.after))}
        return known - {""}

    def ends(self, *, first: bool = False) -> bool:
        """Whether no other layer comes before it, or (without `first`) between it and an output."""
        network, places = self.after, self.pair.after
        layers = network.layers
        if not places:
            return False
        if first:
            return places[0] == layers[0]
        return places[-1] in _before_outputs(network)


def reasons(
    before: Network, after: Network, pair: Pair, kinds: Sequence[str], stages: Sequence[Stage]
) -> Iterator[Told]:
    """What the steps tell of a layer, in the order of the recipe."""
    layer = _Layer(before=before, after=after, pair=pair, kinds=kinds)
    for stage in stages:
        tell = _TELLING.get(stage.step)
        if tell is not None:
            for code, values in tell(layer, stage):
                yield stage.step, code, values


def _lines(layer: _Layer, stage: Stage, key: str = "layers") -> list[Mapping[str, Any]]:
    """What the step has recorded of the layer, or of the layers that it was split into."""
    lines = stage.info.get(key)
    names = layer.names
    if not isinstance(lines, list):
        return []
    return [line for line in lines if str(line.get("name", "")).removesuffix(".weight") in names]


Telling = Callable[[_Layer, Stage], Iterator[tuple[str, Values]]]


def _channels(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    for line in _lines(layer, stage):
        if line["after"] < line["before"]:
            importance = str(stage.parameters.get("importance", ""))
            yield "channels", {"before": line["before"], "after": line["after"], "importance": importance}
        elif "narrowed" in layer.kinds:
            yield "channels_of_input", {}


def _factors(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    for line in _lines(layer, stage):
        yield (
            "factors",
            {
                "ranks": "×".join(map(str, line["ranks"])),
                "full": "×".join(map(str, line["full_ranks"])),
                "energy": 100 * line["energy"],
            },
        )
    for line in _lines(layer, stage, "unchanged"):
        yield f"low_rank_{line['reason']}", {}


def _codes(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    for line in _lines(layer, stage):
        if "sensitivity" in line:
            yield "bits_by_sensitivity", {"bits": line["bits"], "sensitivity": line["sensitivity"]}
            continue
        special = stage.parameters.get("first_last_bits", 0)
        at_end = bool(layer.nodes) and (layer.ends() or layer.ends(first=True))
        if special and line["bits"] == special and at_end:
            yield "bits_first_last", {"bits": line["bits"]}
        elif line["bits"] == stage.parameters.get("depthwise_bits") and any(n.depthwise for n in layer.nodes):
            yield "bits_depthwise", {"bits": line["bits"]}
        else:
            yield "bits", {"bits": line["bits"]}


def _zeros(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    for line in _lines(layer, stage):
        if line.get("weights"):
            yield "zeros", {"share": 100 * line["zeros"] / line["weights"]}


def _static(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    kept = str(stage.parameters.get("keep_float", ""))
    if "int8" in layer.kinds:
        yield "int8_all", {}
    elif "left_float" not in layer.kinds:
        return
    elif "outputs" in kept and layer.ends():
        yield "int8_outputs", {}
    elif "depthwise" in kept and all(node.depthwise for node in layer.nodes):
        yield "int8_depthwise", {}
    elif "first" in kept and _among_first(layer, int(stage.parameters.get("first_layers", 0))):
        yield "int8_first", {"count": int(stage.parameters["first_layers"])}


def _robust(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    wanted = {"latency": stage.parameters.get("latency", ""), "sqnr": stage.parameters.get("sqnr", "")}
    if "rewritten" in layer.kinds and (stage.info.get("rewrites") or {}).get("space_to_depth"):
        yield "space_to_depth", {}
    if "int8" in layer.kinds:
        yield "int8_chosen", wanted
    elif "left_float" in layer.kinds:
        if layer.ends():
            yield "int8_outputs", {}
        elif any(set(node.fused) - set(ACTIVATIONS) for node in layer.nodes):
            yield "int8_no_kernel", {"operator": " + ".join(layer.nodes[-1].fused)}
        else:
            yield "int8_search", wanted
    if any(node.stored == "float32" for node in layer.nodes):
        yield "weights_wide", {}
    elif "left_float" in layer.kinds:
        yield "weights_stored", {}


def _dynamic(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    sizes = [prod(node.weight or ()) for node in layer.nodes]
    if "int8" in layer.kinds:
        yield "int8_dynamic", {}
    elif "left_float" in layer.kinds and sizes and max(sizes) < SMALLEST_DYNAMIC:
        yield "too_small", {"smallest": SMALLEST_DYNAMIC}
    elif "fewer_bits" in layer.kinds:
        yield "weights_stored", {}


def _half(layer: _Layer, stage: Stage) -> Iterator[tuple[str, Values]]:
    sizes = [prod(node.weight or ()) for node in layer.nodes]
    if any(node.stored == "float16" for node in layer.nodes):
        yield "half", {}
    elif sizes and max(sizes) < SMALLEST_HALF:
        yield "too_small", {"smallest": SMALLEST_HALF}


_TELLING: dict[str, Telling] = {
    "channel_pruning": _channels,
    "low_rank": _factors,
    "low_bit_weights": _codes,
    "mixed_low_bit_weights": _codes,
    "weight_clustering": _codes,
    "magnitude_pruning": _zeros,
    "gradual_pruning": _zeros,
    "taylor_pruning": _zeros,
    "n_of_m_pruning": _zeros,
    "static_int8": _static,
    "robust_int8": _robust,
    "quantization_aware_training": _robust,
    "dynamic_int8": _dynamic,
    "float16": _half,
}


def _before_outputs(network: Network) -> set[int]:
    """Layers with no other layer between them and an output."""
    found, waiting, seen = set[int](), list(network.outputs), set[int]()
    while waiting:
        place = waiting.pop()
        if place < 0 or place in seen:
            continue
        seen.add(place)
        if network.nodes[place].layer:
            found.add(place)
        else:
            waiting.extend(network.nodes[place].inputs)
    return found


def _among_first(layer: _Layer, count: int) -> bool:
    return bool(layer.pair.after) and layer.pair.after[0] in layer.after.layers[:count]
