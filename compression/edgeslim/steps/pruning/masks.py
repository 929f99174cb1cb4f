"""Which weights are set to zero, given their scores: the mechanics of unstructured pruning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgeslim.errors import RecipeError

if TYPE_CHECKING:
    from torch import Tensor, nn

SCOPES = ("global", "layer", "filter")


def prunable_weights(module: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions, linear and recurrent layers, by name; no biases, no normalization.

    Raises RecipeError (code 'nothing_to_prune') if there is none.
    """
    from torch import nn

    kinds = (nn.modules.conv._ConvNd, nn.Linear, nn.RNNBase)
    weights = {
        f"{path}.{name}" if path else name: parameter
        for path, layer in module.named_modules()
        if isinstance(layer, kinds)
        for name, parameter in layer.named_parameters(recurse=False)
        if parameter.dim() > 1
    }
    if not weights:
        raise RecipeError(
            "nothing_to_prune",
            "The model has no convolution, linear or recurrent layer whose weights could be pruned.",
            "Leave out the pruning step.",
        )
    return weights


def lowest_out(scores: Mapping[str, Tensor], sparsity: float, scope: str) -> dict[str, Tensor]:
    """Masks (True: keep) that drop the part `sparsity` of the weights, the lowest scores first.

    `scope` 'global' ranks all weights together, 'layer' each tensor by itself, 'filter' whole filters by their mean
    score (what makes one output channel; those that fit into the part). Of equals the first go.
    """
    import torch

    if scope == "layer":
        return {name: _keep(score.flatten(), sparsity).reshape(score.shape) for name, score in scores.items()}
    if scope == "filter":
        return _filters(scores, sparsity)
    together = _keep(torch.cat([score.flatten() for score in scores.values()]), sparsity)
    parts = torch.split(together, [score.numel() for score in scores.values()])
    return {name: part.reshape(scores[name].shape) for name, part in zip(scores, parts, strict=True)}


def n_of_m(score: Tensor, n: int, m: int, axis: int) -> Tensor:
    """Mask (True: keep) of the n highest scores in each group of m neighbours along `axis`; of equals the first stay.

    What is left over after the last whole group is kept.
    """
    import torch

    rows = score.movedim(axis, -1)
    whole = rows.shape[-1] // m * m
    groups = rows[..., :whole].reshape(*rows.shape[:-1], -1, m)
    best = torch.argsort(groups, dim=-1, descending=True, stable=True)[..., :n]
    keep = torch.zeros_like(groups, dtype=torch.bool).scatter_(-1, best, True).flatten(-2)
    rest = torch.ones_like(rows[..., whole:], dtype=torch.bool)
    return torch.cat([keep, rest], -1).movedim(-1, axis)


def zero_out(weights: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
    """Set to zero, in place, what the masks do not keep."""
    import torch

    with torch.no_grad():
        for name, mask in masks.items():
            weights[name][~mask] = 0.0


def sparsity_info(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Part of zeros, in all and by layer, as JSON values."""
    layers = [
        {"name": name, "weights": weight.numel(), "zeros": int((weight == 0).sum())}
        for name, weight in weights.items()
    ]
    total = sum(layer["weights"] for layer in layers)  # type: ignore[misc]
    zeros = sum(layer["zeros"] for layer in layers)  # type: ignore[misc]
    return {"sparsity": zeros / total, "weights": total, "zeros": zeros, "layers": layers}


def _keep(scores: Tensor, sparsity: float) -> Tensor:
    import torch

    keep = torch.ones_like(scores, dtype=torch.bool)
    keep[torch.argsort(scores, stable=True)[: round(sparsity * scores.numel())]] = False
    return keep


def _filters(scores: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    import torch

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
