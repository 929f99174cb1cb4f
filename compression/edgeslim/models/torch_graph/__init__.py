"""ONNX → torch.fx, for training-type steps: convolutional and simple recurrent networks."""

from edgeslim.models.torch_graph.importer import to_torch

__all__ = ["to_torch"]
