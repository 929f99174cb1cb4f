"""What compression made of each layer, and why, as far as the recipe's steps have recorded it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from edgeslim.analysis.network import Network, Node
from edgeslim.analysis.network_matching import Pair, matched
from edgeslim.analysis.network_reasons import reasons
from edgeslim.artifacts.artifact import Stage

Kind = Literal[
    "removed",
    "added",
    "split",
    "merged",
    "rewritten",
    "narrowed",
    "widened",
    "int8",
    "left_float",
    "fewer_bits",
    "same",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order of how much they change; the first of a layer's is the one that it is coloured by."""
_FLOATS = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a layer is as it is, by what the step recorded or by its fixed rule: words under the code."""

    step: str
    code: str
    values: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChange:
    """`before` and `after` are places in the two networks. `why` is empty where no step has recorded it."""

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    kinds: tuple[Kind, ...]
    bytes: tuple[int, int]
    params: tuple[int, int]
    macs: tuple[int, int]
    channels: tuple[tuple[int, int], tuple[int, int]] | None
    """(inputs, outputs) before and after; None where the layer is in one file only."""
    bits: tuple[float | None, float | None]
    """Bits in the file for each weight."""
    computes: tuple[str, str]
    why: tuple[Reason, ...]


def changes(before: Network, after: Network, stages: Sequence[Stage]) -> tuple[LayerChange, ...]:
    """Every layer of both files. `stages` are the steps that made the second file of the first; without any, reasons
    are not known."""
    integers = any(node.computes == "int8" for node in after.nodes if node.layer)
    coded = any(_coded(node) for node in after.nodes if node.layer)
    found = []
    for pair in matched(before, after):
        a, b = [before.nodes[k] for k in pair.before], [after.nodes[k] for k in pair.after]
        kinds = _kinds(a, b, integers=integers, coded=coded)
        found.append(
            LayerChange(
                name=(a or b)[0].name if len(b) != 1 or not a else a[0].name,
                before=pair.before,
                after=pair.after,
                kinds=kinds,
                bytes=_sums(a, b, "bytes"),
                params=_sums(a, b, "params"),
                macs=_sums(a, b, "macs"),
                channels=(_ends(a), _ends(b)) if a and b else None,
                bits=(_bits(a), _bits(b)),
                computes=(_computes(a), _computes(b)),
                why=tuple(
                    Reason(step, code, values)
                    for step, code, values in reasons(before, after, pair, kinds, stages)
                )
                if kinds != ("same",)
                else (),
            )
        )
    return tuple(found)


def counted(found: Sequence[LayerChange]) -> dict[Kind, int]:
    """How many layers each change happened to."""
    return {kind: count for kind in KINDS if (count := sum(kind in change.kinds for change in found))}


def _kinds(a: Sequence[Node], b: Sequence[Node], *, integers: bool, coded: bool) -> tuple[Kind, ...]:
    if not b:
        return ("removed",)
    if not a:
        return ("added",)
    found: set[Kind] = set()
    if len(b) > len(a):
        found.add("split")
    if len(a) > len(b):
        found.add("merged")
    alone = len(a) == len(b) == 1
    if alone and (a[0].kernel, a[0].strides) != (b[0].kernel, b[0].strides):
        found.add("rewritten")  # channels of the input are another thing then
    (before_in, before_out), (after_in, after_out) = _ends(a), _ends(b)
    if "rewritten" in found:
        before_in = after_in
    if after_in < before_in or after_out < before_out:
        found.add("narrowed")
    if after_in > before_in or after_out > before_out:
        found.add("widened")
    was, now = _computes(a), _computes(b)
    if now == "int8" != was:
        found.add("int8")
    before, after = _bits(a), _bits(b)
    if before is not None and after is not None and after < before - 0.01:
        found.add("fewer_bits")
    left = (integers and now != "int8") or (coded and not any(map(_coded, b)))
    if left and was != "int8":
        found.add("left_float")
    return tuple(kind for kind in KINDS if kind in found) or ("same",)


def _coded(node: Node) -> bool:
    return node.stored is not None and node.stored not in _FLOATS


def _ends(nodes: Sequence[Node]) -> tuple[int, int]:
    return nodes[0].channels[0], nodes[-1].channels[1]


def _computes(nodes: Sequence[Node]) -> str:
    """Of a chain the widest: it computes in int8 only if all of it does."""
    kinds = [node.computes for node in nodes]
    return next((kind for kind in kinds if kind != "int8"), kinds[0]) if kinds else ""


def _bits(nodes: Sequence[Node]) -> float | None:
    """Mean over the weights."""
    known = [(node.bits, node.params) for node in nodes if node.bits is not None]
    total = sum(params for _, params in known)
    return sum(bits * params for bits, params in known) / total if total else None


def _sums(a: Sequence[Node], b: Sequence[Node], name: str) -> tuple[int, int]:
    return sum(getattr(node, name) for node in a), sum(getattr(node, name) for node in b)


__all__ = ["KINDS", "Kind", "LayerChange", "Pair", "Reason", "changes", "counted"]
