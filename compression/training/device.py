"""Where training runs: on an accelerator if torch finds one, else on the processor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
"""Without it, matrix products on CUDA are not reproducible (cuBLAS, section 'Results reproducibility')."""
VARIABLE = "EDGESLIM_DEVICE"
"""Environment variable: 'cpu' leaves accelerators alone."""


def training_device() -> torch.device:
    """CUDA where there is one, unless EDGESLIM_DEVICE says otherwise."""
    wanted = os.environ.get(VARIABLE) or ("cuda" if torch.cuda.is_available() else "cpu")
    if wanted != "cpu":
        os.environ.setdefault(CUBLAS, ":4096:8")
    return torch.device(wanted)


@contextmanager
def on_device(*modules: nn.Module) -> Iterator[torch.device]:
    """The modules are on the training device while it is open, and on the processor afterwards."""
    device = training_device()
    for module in modules:
        module.to(device)
    try:
        yield device
    finally:
        for module in modules:
            module.to("cpu")
