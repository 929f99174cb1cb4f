"""Sparsity that rises during training: when weights are pruned, and how many."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from edgeslim.steps.pruning.masks import Scores, lowest_out, magnitude, taylor, zero_out

PRUNINGS = 25
"""Maximum number of times that weights are pruned while the sparsity rises."""


def sparsity_at(step: int, until: int, final: float) -> float:
    """Sparsity after `step` updates, on a cubic curve from 0 to `final`, which is reached after `until`.

    It rises fast at first, when much is redundant, then ever more slowly. Source: Zhu and Gupta 2017, arXiv 1710.01878.
    """
    progress = min(1.0, step / until)
    return final * (1 - (1 - progress) ** 3)


def is_due(step: int, until: int) -> bool:
    """Whether weights are pruned after `step` updates: at regular intervals up to `until`, and then."""
    every = max(1, until // PRUNINGS)
    return step <= until and (step % every == 0 or step == until)


class RisingSparsity:
    """An observer of training that prunes weights; zeros stay zero.

    `importance` is 'magnitude', 'movement' (the sum of -gradient · weight: weights that training moves towards zero are
    pruned first; by magnitude before any has moved) or 'taylor' (which needs `curvature`, E[g²] at the start).
    """

    def __init__(
        self,
        weights: Mapping[str, nn.Parameter],
        sparsity: float,
        until: int,
        importance: str,
        scope: str,
        curvature: Mapping[str, Tensor] | None = None,
    ) -> None:
        self._weights, self._final, self._until = weights, sparsity, until
        self._importance, self._scope, self._curvature = importance, scope, curvature
        self._keep: dict[str, Tensor] = {}
        self._moved: Scores = {}

    @torch.no_grad()
    def before_update(self, step: int) -> None:
        if not self._keep:  # not earlier: only now the weights are on the training device
            self._keep = {name: weight != 0 for name, weight in self._weights.items()}
            self._moved = {name: torch.zeros_like(weight) for name, weight in self._weights.items()}
        if self._importance == "movement":
            for name, weight in self._weights.items():
                if weight.grad is not None:
                    self._moved[name] -= weight.grad * weight

    @torch.no_grad()
    def after_update(self, step: int) -> None:
        if is_due(step + 1, self._until):
            gone = {name: score.where(self._keep[name], -torch.inf) for name, score in self._scores().items()}
            masks = lowest_out(gone, sparsity_at(step + 1, self._until, self._final), self._scope)
            self._keep = {name: self._keep[name] & mask for name, mask in masks.items()}
        zero_out(self._weights, self._keep)

    def _scores(self) -> Scores:
        if self._importance == "taylor":
            assert self._curvature is not None, "Taylor importance has been measured"
            here = {name: value.to(self._weights[name].device) for name, value in self._curvature.items()}
            return taylor(self._weights, here)
        if self._importance == "movement" and any(bool(moved.any()) for moved in self._moved.values()):
            return self._moved
        return magnitude(self._weights)
