"""int8 number formats, and which one suits a processor."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.runtime.environment import environment


@dataclass(frozen=True, slots=True)
class Int8Format:
    """Whether activations and weights are signed 8-bit integers."""

    signed_activations: bool
    signed_weights: bool


FORMATS = {
    "u8s8": Int8Format(signed_activations=False, signed_weights=True),
    "s8s8": Int8Format(signed_activations=True, signed_weights=True),
    "u8u8": Int8Format(signed_activations=False, signed_weights=False),
}


@dataclass(frozen=True, slots=True)
class CpuChoice:
    """The format for a processor, and the instruction set that decides it."""

    format: str
    reduce_range: bool
    because: str


def choice_for(flags: frozenset[str]) -> CpuChoice:
    """The int8 format for a processor with these instruction sets.

    x86 multiplies unsigned activations by signed weights. Without VNNI the pairwise sums saturate at 16 bits,
    so weights must fit 7 bits; with it (or on ARM, which has signed products) they need not.
    Source: onnxruntime documentation, "Quantize ONNX models": data type selection, reduce_range.
    """
    if "asimddp" in flags:
        return CpuChoice("s8s8", reduce_range=False, because="asimddp")
    for vnni in ("avx512_vnni", "avx_vnni", "amx_int8"):
        if vnni in flags:
            return CpuChoice("u8s8", reduce_range=False, because=vnni)
    return CpuChoice("u8s8", reduce_range=True, because="no VNNI")


def choice_here() -> CpuChoice:
    """The int8 format for this machine's processor."""
    return choice_for(frozenset(environment()["flags"].split()))
