"""How far a classifier is from its teacher, on logits (B, C)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.steps.recovery.config import Signal

_TINY = 1e-6


def class_loss(own: Tensor, wanted: Tensor, signal: Signal) -> Tensor:
    """The loss that `signal` names, of outputs (B, C, …) that are logits or distributions."""
    mine, theirs = logits_of(own), logits_of(wanted)
    if signal.loss == "logits":
        return logit_error(mine, theirs)
    if signal.loss == "decoupled":
        return decoupled(mine, theirs, signal.temperature, signal.alpha, signal.beta)
    return soft_targets(mine, theirs, signal.temperature)


def soft_targets(own: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """T² · KL(teacher ‖ student) of the softened class distributions. Source: arXiv 1503.02531."""
    return temperature**2 * _divergence(own / temperature, wanted / temperature)


def logit_error(own: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of logits, less each row's mean, which softmax does not see.

    Source: arXiv 1312.6184.
    """
    difference = own - wanted
    return (difference - difference.mean(1, keepdim=True)).square().mean()


def decoupled(own: Tensor, wanted: Tensor, temperature: float, alpha: float, beta: float) -> Tensor:
    """T² · (alpha · KL of target against the rest + beta · KL among the others). Source: arXiv 2203.08679.

    The target is the class that the teacher gives: no labels are needed. With alpha 1 and beta the teacher's
    probability of the others this is the loss of soft targets.
    """
    target = F.one_hot(wanted.argmax(1), wanted.shape[1]).bool()
    mine, theirs = own / temperature, wanted / temperature
    total = alpha * _divergence(_target_and_rest(mine, target), _target_and_rest(theirs, target))
    if wanted.shape[1] > 2:
        others = [logits[~target].reshape(len(logits), -1) for logits in (mine, theirs)]
        total = total + beta * _divergence(*others)
    return temperature**2 * total


def logits_of(values: Tensor) -> Tensor:
    """(B, C): the values, or their logarithms if they are distributions."""
    rows = values.flatten(1)
    distribution = bool((rows.detach() >= 0).all()) and bool(((rows.detach().sum(1) - 1).abs() < 1e-3).all())
    return rows.clamp(min=_TINY).log() if distribution else rows


def _target_and_rest(logits: Tensor, target: Tensor) -> Tensor:
    """(B, 2) logits of the target and of all others together."""
    rest = logits.masked_fill(target, -torch.inf).logsumexp(1)
    return torch.stack([logits[target], rest], 1)


def _divergence(own: Tensor, wanted: Tensor) -> Tensor:
    """KL(wanted ‖ own) of the softmax of logits, mean over the batch."""
    return F.kl_div(F.log_softmax(own, 1), F.log_softmax(wanted, 1), reduction="batchmean", log_target=True)
