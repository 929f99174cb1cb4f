"""Which weights can be set to zero, which are, and what that gives: the mechanics of unstructured pruning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compression.errors import RecipeError

if TYPE_CHECKING:
    from torch import Tensor, nn


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


def smallest(scores: Mapping[str, Tensor], sparsity: float, scope: str) -> dict[str, Tensor]:
    """Masks (True: keep) that drop the part `sparsity` with the lowest scores.

    `scope` 'global' ranks all weights together, 'layer' each tensor by itself. Of equals the first go.
    """
    import torch

    if scope == "layer":
        return {name: _keep(score.flatten(), sparsity).reshape(score.shape) for name, score in scores.items()}
    together = _keep(torch.cat([score.flatten() for score in scores.values()]), sparsity)
    parts = torch.split(together, [score.numel() for score in scores.values()])
    return {name: part.reshape(scores[name].shape) for name, part in zip(scores, parts, strict=True)}


def _keep(scores: Tensor, sparsity: float) -> Tensor:
    import torch

    keep = torch.ones(scores.shape, dtype=torch.bool)
    keep[torch.argsort(scores, stable=True)[: round(sparsity * scores.numel())]] = False
    return keep


def sparsity_info(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Part of zeros, in all and by layer, as JSON values."""
    layers = [
        {"name": name, "weights": weight.numel(), "zeros": int((weight == 0).sum())}
        for name, weight in weights.items()
    ]
    total = sum(layer["weights"] for layer in layers)  # type: ignore[misc]
    zeros = sum(layer["zeros"] for layer in layers)  # type: ignore[misc]
    return {"sparsity": zeros / total, "weights": total, "zeros": zeros, "layers": layers}
