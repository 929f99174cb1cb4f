"""A network of ncnn, opened."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.runtime.ncnn.archive import Archive
from edgeslim.sessions import Input, Tensor

if TYPE_CHECKING:
    import ncnn

OPTIONS = {"use_vulkan_compute": 0, "use_fp16_arithmetic": 1, "openmp_blocktime": 0}
"""ncnn's own defaults, but for threads that sleep when idle: where a processor computes in float16, so does ncnn."""


def open_archive(archive: Archive, threads: int = 1) -> NcnnSession:
    """Raises ValueError, which names layers that ncnn does not know."""
    import ncnn

    kinds = {line.split()[0] for line in archive.param.splitlines()[2:]}
    if unknown := sorted(kind for kind in kinds if ncnn.layer_to_index(kind) < 0):
        raise ValueError(f"it has no layer {', '.join(unknown)}")
    network = ncnn.Net()
    for key, value in OPTIONS.items():
        setattr(network.opt, key, value)
    network.opt.num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "model.bin"
        weights.write_bytes(archive.bin)
        if network.load_param_mem(archive.param) != 0 or network.load_model(str(weights)) != 0:
            raise ValueError("its layers and weights do not fit together")
    return NcnnSession(network, archive)


class NcnnSession:
    """It gives the shapes of the ONNX file (`edgeslim.sessions.Session`)."""

    def __init__(self, network: ncnn.Net, archive: Archive) -> None:
        self._network = network
        self._outputs = archive.outputs
        self.inputs = (Input(archive.input_name, archive.input_shape, np.dtype(np.float32)),)

    def run(self, tensor: Tensor) -> list[Tensor]:
        import ncnn

        expected = self.inputs[0].fixed_shape
        if tensor.shape != expected:
            raise ModelError(
                "runtime_not_runnable",
                runtime="ncnn",
                reason=f"an input of shape {tensor.shape} is not of shape {expected}",
            )
        values = np.ascontiguousarray(tensor[0], np.float32)  # a Mat does not keep it alive
        image = ncnn.Mat(values).clone()  # layers may work in place
        run = self._network.create_extractor()
        run.input("in0", image)
        found = []
        for index, (name, shape) in enumerate(self._outputs):
            failed, value = run.extract(f"out{index}")
            array = np.array(value)
            if failed or array.size != np.prod(shape):
                raise ModelError(
                    "runtime_not_runnable",
                    runtime="ncnn",
                    reason=f"it gives no output '{name}' of shape {shape}",
                )
            found.append(array.reshape(shape))
        return found
