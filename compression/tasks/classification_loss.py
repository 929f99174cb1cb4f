"""The training loss of classifiers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from compression.datasets.base import Target
from compression.models.base import ModelSpec


def classification_loss(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Mean cross-entropy of logits (B, C), the only output, against class indices, one per image."""
    (logits,) = outputs
    indices = [target for target in targets if isinstance(target, int)]
    assert len(indices) == len(targets), "a classifier learns from labelled images"
    return F.cross_entropy(logits.flatten(1), torch.tensor(indices))
