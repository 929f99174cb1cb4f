"""ONNX → torch.fx: what training-type steps work on, for convolutional and simple recurrent networks."""

from edgeslim.models.torch_graph.importer import to_torch

__all__ = ["to_torch"]
