"""Which inner layers of two networks can be compared."""

from __future__ import annotations

import torch
from torch import Tensor, fx

from compression.steps.distillation.network import Watch
from compression.steps.distillation.units import units_of


def shapes_of(module: fx.GraphModule, image: Tensor) -> dict[str, tuple[int, ...]]:
    """Shape of what each unit gives for one image, in order, by the name of its last module; shared ones left out."""
    names = [str(unit.end.target) for unit in units_of(module) if not unit.shared]
    with torch.no_grad(), Watch(module, names) as watch:
        module(image)
        seen = watch.take()
    return {name: tuple(seen[name].shape) for name in names}
