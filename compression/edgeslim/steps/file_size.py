"""How large the file of a network will be."""

from __future__ import annotations

from torch import Tensor, fx

from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes


def file_bytes(module: fx.GraphModule, example: Tensor) -> int:
    """Bytes of the float32 file as it is shipped, really made. `example` (1, channels, height, width)."""
    output = next(node for node in module.graph.nodes if node.op == "output").args[0]
    names = [f"output{index}" for index in range(len(output) if isinstance(output, tuple | list) else 1)]
    return len(
        to_bytes(shipped(deployable(export_training_form(module, tuple(example.shape), "input", names))))
    )
