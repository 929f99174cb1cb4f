"""One trained network as every file that can be made of it here, and what opens each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from edgeslim.errors import EdgeSlimError, ModelError
from edgeslim.measurement.delivery import deliver
from edgeslim.models import sample_networks
from edgeslim.models.catalogue import SAMPLES
from edgeslim.runtime import FILE_FORMATS, MAIN, RUNTIMES, Runtime
from edgeslim.sessions import Input, Session, Tensor
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.steps.quantization.low_bit import LowBitWeights
from edgeslim.steps.quantization.static_int8 import StaticInt8
from edgeslim.tasks import task_for

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step


def torch_network(model: str) -> nn.Module:
    """The network as PyTorch code builds it, with its trained weights."""
    from safetensors.torch import load_file

    digits = model in sample_networks.DIGIT_NETWORKS
    network = (sample_networks.digit_network if digits else sample_networks.street_sign_network)(model)
    network.load_state_dict(load_file(SAMPLES / f"{model}.safetensors"))
    return network.eval()


class TorchSession:
    """The network run by PyTorch, operator by operator (a Session)."""

    def __init__(self, network: nn.Module, shape: Sequence[int], threads: int = 1) -> None:
        self._network, self._threads = network, threads
        self.inputs = (Input("image", tuple(shape), np.dtype(np.float32)),)

    def run(self, tensor: Tensor) -> list[Tensor]:
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            outputs = self._network(torch.from_numpy(tensor))
        return [each.numpy() for each in ((outputs,) if isinstance(outputs, torch.Tensor) else outputs)]


def state_dict(network: nn.Module) -> bytes:
    """Weights by name, in PyTorch's own format: no use without the code."""
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()


def safetensors(network: nn.Module) -> bytes:
    """The same in a format that holds numbers alone and can run no code when it is opened."""
    from safetensors.torch import save

    return save({name: each.contiguous() for name, each in network.state_dict().items()})


def program(network: nn.Module, image: Tensor) -> bytes:
    """Weights and the traced operators (torch.export): runs without the code, in PyTorch."""
    file = io.BytesIO()
    torch.export.save(torch.export.export(network, (torch.from_numpy(image),)), file)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a runtime opens."""

    name: str
    path: Path
    runtime: Runtime


STORED: dict[str, tuple[Step, ...]] = {
    "onnx": (),
    "onnx_float16": (Float16(),),
    "onnx_int8": (StaticInt8(),),
    "onnx_4_bits": (LowBitWeights(bits=4),),
}


def files(lab: Lab, model: str) -> list[Made]:
    """The ONNX files, then what installed runtimes other than the main one take; without what cannot be made."""
    workload, store = lab.workload(model), lab.store
    main, found = RUNTIMES.get(MAIN), []
    for name, steps in STORED.items():
        try:
            found.append(Made(name, store.path(lab.make(model, *steps).sha256), main))
        except EdgeSlimError:  # static int8 knows no recurrent operator
            continue
    original = lab.make(model).sha256
    for runtime in others():
        to = FILE_FORMATS.get(runtime.format)
        try:
            path = store.path(deliver(original, to, workload, store), to.suffix)
        except ModelError:  # lacks an operator
            continue
        found.append(Made(runtime.name, path, runtime))
    return found


def others() -> list[Runtime]:
    """Installed runtimes that are other programs than the main one."""
    main = RUNTIMES.get(MAIN)
    return [each for each in RUNTIMES if each.packages != main.packages and each.version()]


def images(lab: Lab, model: str, count: int) -> list[Tensor]:
    """The first validation images, prepared."""
    workload = lab.workload(model)
    task, spec = task_for(workload.model.spec), workload.model.spec
    return [task.prepare(workload.evaluation.image(index), spec).tensor for index in range(count)]


def opened(lab: Lab, model: str, threads: int = 1) -> dict[str, Session]:
    """PyTorch and every file in its runtime, ready to run."""
    shape = images(lab, model, 1)[0].shape
    torch_session = TorchSession(torch_network(model), shape, threads)
    return {"torch": torch_session} | {
        each.name: each.runtime.open(each.path, threads) for each in files(lab, model)
    }
