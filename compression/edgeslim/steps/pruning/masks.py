"""Unstructured pruning: scores of single weights, and the masks made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from edgeslim.errors import RecipeError

Scores = dict[str, Tensor]


def magnitude(weights: Mapping[str, nn.Parameter]) -> Scores:
    """Absolute values. Source: Han et al. 2015, arXiv 1506.02626."""
    return {name: weight.detach().abs() for name, weight in weights.items()}


def chance(weights: Mapping[str, nn.Parameter], seed: int) -> Scores:
    """Random scores, the baseline of every other importance."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(weight.shape, generator=generator) for name, weight in weights.items()}


def taylor(weights: Mapping[str, nn.Parameter], curvature: Mapping[str, Tensor]) -> Scores:
    """Mean square of the first-order change when the weight becomes zero, E[(g w)²].

    Source: Molchanov et al. 2019, arXiv 1906.10771. `curvature` is E[g²].
    """
    return {name: weight.detach().square() * curvature[name] for name, weight in weights.items()}


def mean_squared_gradients(weights: Mapping[str, nn.Parameter], passes: Iterable[object]) -> Scores:
    """E[g²] of every weight over backward passes; `passes` leaves the gradients of each pass in the weights."""
    sums = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    count = 0
    for _ in passes:
        count += 1
        for name, weight in weights.items():
            if weight.grad is not None:
                sums[name] += weight.grad.square()
    return {name: total / max(count, 1) for name, total in sums.items()}


def prunable_weights(module: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions, linear and recurrent layers, by name; no biases, no normalization.

    Raises RecipeError (code 'nothing_to_prune') if there is none.
    """
    kinds = (nn.modules.conv._ConvNd, nn.Linear, nn.RNNBase)
    weights = {
        f"{path}.{name}" if path else name: parameter
        for path, layer in module.named_modules()
        if isinstance(layer, kinds)
        for name, parameter in layer.named_parameters(recurse=False)
        if parameter.dim() > 1
    }
    if not weights:
        raise RecipeError("nothing_to_prune")
    return weights


def lowest_out(scores: Mapping[str, Tensor], sparsity: float, scope: str) -> dict[str, Tensor]:
    """Masks (True: keep) that remove the share `sparsity` of the weights, the lowest scores first.

    `scope` 'global' ranks all weights together, 'layer' each tensor separately, 'filter' whole filters (all weights of
    an output channel) by their mean score, as many as fit. Of equal scores the first are removed.
    """
    if scope == "layer":
        return {name: _keep(score.flatten(), sparsity).reshape(score.shape) for name, score in scores.items()}
    if scope == "filter":
        return _filters(scores, sparsity)
    together = _keep(torch.cat([score.flatten() for score in scores.values()]), sparsity)
    parts = torch.split(together, [score.numel() for score in scores.values()])
    return {name: part.reshape(scores[name].shape) for name, part in zip(scores, parts, strict=True)}


def n_of_m(score: Tensor, n: int, m: int, axis: int) -> Tensor:
    """Mask (True: keep) of the n highest scores in each group of m neighbours along `axis`; of equals the first.

    A remainder after the last whole group is kept.
    """
    rows = score.movedim(axis, -1)
    whole = rows.shape[-1] // m * m
    groups = rows[..., :whole].reshape(*rows.shape[:-1], -1, m)
    best = torch.argsort(groups, dim=-1, descending=True, stable=True)[..., :n]
    keep = torch.zeros_like(groups, dtype=torch.bool).scatter_(-1, best, True).flatten(-2)
    rest = torch.ones_like(rows[..., whole:], dtype=torch.bool)
    return torch.cat([keep, rest], -1).movedim(-1, axis)


def zero_out(weights: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
    """Set to zero, in place, the weights that the masks do not keep."""
    with torch.no_grad():
        for name, mask in masks.items():
            weights[name][~mask] = 0.0


def sparsity_info(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Share of zeros in total, and their number by layer, as JSON values."""
    layers = [
        {"name": name, "weights": weight.numel(), "zeros": int((weight == 0).sum())}
        for name, weight in weights.items()
    ]
    total = sum(layer["weights"] for layer in layers)  # type: ignore[misc]
    zeros = sum(layer["zeros"] for layer in layers)  # type: ignore[misc]
    return {"sparsity": zeros / total, "weights": total, "zeros": zeros, "layers": layers}


def _keep(scores: Tensor, sparsity: float) -> Tensor:
    keep = torch.ones_like(scores, dtype=torch.bool)
    keep[torch.argsort(scores, stable=True)[: round(sparsity * scores.numel())]] = False
    return keep


def _filters(scores: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    means = torch.cat([score.flatten(1).mean(1) for score in scores.values()])
    sizes = torch.cat([torch.full((len(score),), score[0].numel()) for score in scores.values()])
    order = torch.argsort(means, stable=True).cpu()
    gone = order[sizes[order].cumsum(0) <= sparsity * int(sizes.sum())]
    keep = torch.ones(len(means), dtype=torch.bool, device=means.device)
    keep[gone.to(means.device)] = False
    parts = torch.split(keep, [len(score) for score in scores.values()])
    return {
        name: part.reshape(-1, *(1,) * (score.dim() - 1)).expand(score.shape)
        for (name, score), part in zip(scores.items(), parts, strict=True)
    }
