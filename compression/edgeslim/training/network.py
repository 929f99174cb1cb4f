"""A network of any graph that runs on batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Network:
    """A network that takes any number of images, even if its graph is fixed to one.

    Every output starts with the batch, (B, …), also those without a batch dimension in the graph. `batched`: whether
    images are processed together.
    """

    def __init__(self, module: nn.Module, example: Tensor) -> None:
        """`example` (1, C, H, W) is used to test whether the network takes batches."""
        self.module = module
        with torch.no_grad():
            alone = self._outputs(example)
            self.batched = self._takes_batches(example, alone)
        self._has_batch = [output.shape[:1] == (1,) for output in alone]

    def __call__(self, images: Tensor) -> list[Tensor]:
        if self.batched:
            return self._outputs(images)
        each = [self._outputs(image[None]) for image in images]
        return [
            torch.cat(outputs) if has_batch else torch.stack(outputs)
            for outputs, has_batch in zip(zip(*each, strict=True), self._has_batch, strict=True)
        ]

    def _outputs(self, images: Tensor) -> list[Tensor]:
        outputs = self.module(images)
        return [outputs] if isinstance(outputs, Tensor) else list(outputs)

    def _takes_batches(self, example: Tensor, alone: Sequence[Tensor]) -> bool:
        """Whether the outputs of two images are those of each image, concatenated."""
        other = example.flip(-1)
        try:
            both = self._outputs(torch.cat([example, other]))
        except RuntimeError:  # a reshape to fixed sizes
            return False
        pairs = zip(both, alone, self._outputs(other), strict=True)
        return all(
            together.shape == (2, *first.shape[1:])
            and first.shape[:1] == (1,)
            and torch.allclose(together, torch.cat([first, second]), rtol=1e-3, atol=1e-4, equal_nan=True)
            for together, first, second in pairs
        )
