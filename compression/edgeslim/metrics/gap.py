"""How much longer a file is on its way than the Shannon bound of its weights. Derived from sizes, never stored."""

from __future__ import annotations

from collections.abc import Mapping


def entropy_gap(sizes: Mapping[str, int] | None) -> dict[str, float] | None:
    """Download less bound, from a trial's `sizes`: `bytes`, and `share` of the bound. None where either is unknown.

    The graph's structure is in the download and not in the bound. Below zero where the coder has used an order of
    symbols that the bound does not know.
    """
    if not sizes or not sizes.get("download") or not sizes.get("entropy_bound"):
        return None
    gap = sizes["download"] - sizes["entropy_bound"]
    return {"bytes": gap, "share": gap / sizes["entropy_bound"]}
