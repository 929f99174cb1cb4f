"""The training loss of classifiers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.datasets.base import Target
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec


def classification_loss(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Mean cross-entropy of logits (B, C), the only output, against class indices, one per image.

    Raises ModelError (code 'classifier_outputs') for a network with several outputs.
    """
    if len(outputs) != 1:
        raise ModelError(
            "classifier_outputs",
            f"A classifier is trained on one output of logits, and this network has {len(outputs)}.",
            "Export the model with the logits as its only output, or recover without labels: distil_from_original.",
            outputs=len(outputs),
        )
    indices = [target for target in targets if isinstance(target, int)]
    assert len(indices) == len(targets), "a classifier learns from labelled images"
    return F.cross_entropy(outputs[0].flatten(1), torch.tensor(indices, device=outputs[0].device))
