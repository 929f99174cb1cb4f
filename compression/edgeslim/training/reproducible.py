"""Reproducible results from torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic as options

_FILL = "fill_uninitialized_memory"
"""A torch option that deterministic mode turns on; it costs time, and no code here reads uninitialized memory."""


@contextmanager
def reproducible(seed: int, threads: int) -> Iterator[None]:
    """Seeded random numbers, deterministic algorithms and this number of threads; restored afterwards."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    fill = getattr(options, _FILL)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        setattr(options, _FILL, False)
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            setattr(options, _FILL, fill)
