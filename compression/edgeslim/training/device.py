"""The device for training (an accelerator if torch finds one, else the CPU), and reproducible results on it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.utils import deterministic as options

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
"""Without it, matrix products on CUDA are not reproducible (cuBLAS, section 'Results reproducibility')."""
VARIABLE = "EDGESLIM_DEVICE"
"""Environment variable: 'cpu' disables accelerators."""


def training_device() -> torch.device:
    """CUDA if available, unless EDGESLIM_DEVICE names another device."""
    wanted = os.environ.get(VARIABLE) or ("cuda" if torch.cuda.is_available() else "cpu")
    if wanted != "cpu":
        os.environ.setdefault(CUBLAS, ":4096:8")
    return torch.device(wanted)


@contextmanager
def on_device(*modules: nn.Module) -> Iterator[torch.device]:
    """The modules are on the training device inside the context, and on the CPU afterwards.

    In deterministic mode, an operator without a deterministic gradient on the device (adaptive pooling to several
    positions) runs nevertheless: results are then reproducible up to rounding only.
    """
    device = training_device()
    with _lenient(device), _recurrent_layers_learn(modules, device):
        for module in modules:
            module.to(device)
        try:
            yield device
        finally:
            for module in modules:
                module.to("cpu")


@contextmanager
def _lenient(device: torch.device) -> Iterator[None]:
    asked = torch.are_deterministic_algorithms_enabled()
    strict = asked and not torch.is_deterministic_algorithms_warn_only_enabled()
    if not strict or device.type == "cpu":
        yield
        return
    torch.use_deterministic_algorithms(True, warn_only=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation")
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(True)


@contextmanager
def _recurrent_layers_learn(modules: Iterable[nn.Module], device: torch.device) -> Iterator[None]:
    """cuDNN has gradients of recurrent layers in training mode only; without dropout the two modes compute the same."""
    layers = [layer for module in modules for layer in module.modules() if isinstance(layer, nn.RNNBase)]
    resting = [layer for layer in layers if not layer.training and not layer.dropout]
    for layer in resting if device.type != "cpu" else ():
        layer.train()
    try:
        yield
    finally:
        for layer in resting:
            layer.eval()


_FILL = "fill_uninitialized_memory"
"""A torch option that deterministic mode turns on; it costs time, and no code here reads uninitialized memory."""


@contextmanager
def reproducible(seed: int, threads: int) -> Iterator[None]:
    """Seeded random numbers, deterministic algorithms and this number of threads; restored afterwards."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    fill = getattr(options, _FILL)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        setattr(options, _FILL, False)
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            setattr(options, _FILL, fill)
