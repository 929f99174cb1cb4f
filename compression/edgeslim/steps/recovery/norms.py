"""Batch statistics while a network learns: normalization by the batch at hand, with running means that follow.

Where layers were removed or zeroed, the statistics that a network was trained with say little about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from edgeslim.steps.torch_network.units import NORMS


class Norms:
    """The BatchNorms of a network whose parameters learn, if there are several images to a batch."""

    def __init__(self, module: nn.Module, *, batched: bool) -> None:
        self._module = module
        self._norms = [
            norm
            for norm in module.modules()
            if isinstance(norm, NORMS) and batched and norm.track_running_stats and norm.weight.requires_grad
        ]

    @staticmethod
    def none() -> Norms:
        return Norms(nn.Identity(), batched=False)

    def __len__(self) -> int:
        return len(self._norms)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Each batch is normalised by its own statistics, and the running ones follow."""
        for norm in self._norms:
            norm.train()
        try:
            yield
        finally:
            for norm in self._norms:
                norm.eval()

    def measure(self, batches: Iterable[Tensor]) -> None:
        """Set the running statistics to the mean over these batches."""
        momenta = [norm.momentum for norm in self._norms]
        for norm in self._norms:
            norm.reset_running_stats()
            norm.momentum = None  # torch's way to say: the plain average
        with torch.no_grad(), self.following():
            for batch in batches:
                self._module(batch)
        for norm, momentum in zip(self._norms, momenta, strict=True):
            norm.momentum = momentum
