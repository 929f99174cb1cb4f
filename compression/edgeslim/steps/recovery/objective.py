"""What is compared while a network learns: the student with its teacher on images, by losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from edgeslim.steps.recovery.losses.inner import InnerLoss
from edgeslim.steps.recovery.losses.outputs import OutputLoss
from edgeslim.steps.torch_network.running import Images, Network, Watch
from edgeslim.training.data import KEPT_BYTES


class Teacher:
    """Outputs, computed once an image as far as memory goes, and the features watched. `images` are as it takes them."""

    def __init__(self, network: Network, images: Images, features: Sequence[str] = ()) -> None:
        self._network, self._images, self._features = network, images, features
        self._kept: dict[int, list[Tensor]] = {}
        self._room = KEPT_BYTES

    def outputs(self, indices: Sequence[int]) -> list[Tensor]:
        """Each (B, …)."""
        rows = [self._one(index) for index in indices]
        return [torch.cat(column) for column in zip(*rows, strict=True)]

    def outputs_and_features(self, indices: Sequence[int]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Features are computed anew each time: they would fill the memory."""
        if not self._features:
            return self.outputs(indices), {}
        with torch.no_grad(), Watch(self._network.module, self._features) as watch:
            outputs = self._network(self._images.take(indices))
            return outputs, watch.take()

    def _one(self, index: int) -> list[Tensor]:
        if index in self._kept:
            return self._kept[index]
        with torch.no_grad():
            outputs = self._network(self._images.take([index]))
        self._room -= sum(output.nbytes for output in outputs)
        if self._room >= 0:
            self._kept[index] = outputs
        return outputs


@dataclass(frozen=True, slots=True)
class DistillationObjective:
    """What is compared: the student with its teacher on images, by losses."""

    student: Network
    teacher: Teacher
    images: Images
    loss: OutputLoss
    inner: InnerLoss | None = None
    inner_weight: float = 0.0

    def on(self, indices: Sequence[int]) -> Tensor:
        """The loss on these images: of the outputs, and of inner layers if they are compared."""
        if self.inner is None:
            return self.outputs_on(indices)
        wanted, features = self.teacher.outputs_and_features(indices)
        with Watch(self.student.module, [pair.own for pair in self.inner.pairs]) as watch:
            value = self.loss(self.student(self.images.take(indices)), wanted)
            return value + self.inner_weight * self.inner(watch.take(), features, wanted)

    def outputs_on(self, indices: Sequence[int]) -> Tensor:
        return self.loss(self.student(self.images.take(indices)), self.teacher.outputs(indices))

    def judged(self, indices: Sequence[int], batch: int) -> float:
        """Mean loss of the outputs over these images, without gradients: inner layers are only a means."""
        parts = [indices[start : start + batch] for start in range(0, len(indices), batch)]
        with torch.no_grad():
            return sum(float(self.outputs_on(part)) * len(part) for part in parts) / len(indices)
