"""A network on images, run in the same way whatever its outputs look like, and what its inner layers give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, fx, nn

from edgeslim.datasets.base import Split
from edgeslim.models.base import ModelSpec
from edgeslim.models.torch_graph import to_torch
from edgeslim.training.data import SplitExamples, normalise


def original_network(path: Path) -> fx.GraphModule:
    """The uncompressed network, in evaluation mode; nothing in it learns. Raises ModelError."""
    return to_torch(onnx.load(path)).requires_grad_(False)


class Images:
    """The images of several splits as network inputs; labels are not looked at."""

    def __init__(self, splits: Sequence[Split], spec: ModelSpec, device: torch.device | str = "cpu") -> None:
        self._examples = [SplitExamples(split, spec) for split in splits]
        self._places = [(which, i) for which, split in enumerate(splits) for i in range(len(split))]
        self._spec, self._device = spec, device

    def __len__(self) -> int:
        return len(self._places)

    def take(self, indices: Sequence[int]) -> Tensor:
        """(B, C, H, W). Raises DatasetError naming an unreadable image."""
        places = [self._places[index] for index in indices]
        pixels = np.concatenate([self._examples[which].take(np.array([i]))[0] for which, i in places])
        return normalise(torch.from_numpy(pixels).to(self._device).float(), self._spec)


class Network:
    """A network that takes any number of images, also where its graph is fixed to one.

    Every output begins with the batch: (B, …); one that has no batch dimension gets it. `batched` tells whether images
    go through it together.
    """

    def __init__(self, module: nn.Module, example: Tensor) -> None:
        """`example` (1, C, H, W) tells how the network treats a batch."""
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
        """Whether two images give each image's outputs, one after the other."""
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


class Watch:
    """Keeps what named modules give while it is open: one tensor (B, …) a module."""

    def __init__(self, module: nn.Module, names: Sequence[str]) -> None:
        self._layers = [(name, module.get_submodule(name)) for name in names]
        self._seen: dict[str, list[Tensor]] = {}
        self._handles: list[Any] = []

    def __enter__(self) -> Watch:
        for name, layer in self._layers:
            self._handles.append(layer.register_forward_hook(self._keeper(name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def take(self) -> dict[str, Tensor]:
        """What was seen since the last time."""
        seen, self._seen = self._seen, {}
        return {name: torch.cat(tensors) for name, tensors in seen.items()}

    def _keeper(self, name: str) -> Any:
        return lambda _, inputs, output: self._seen.setdefault(name, []).append(output)
