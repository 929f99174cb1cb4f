"""What is known of ONNX operators by name."""

from __future__ import annotations

LEARNED = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Gemm": (0, 1, 2),
    "MatMul": (0, 1),
    "GRU": (1, 2, 3),
    "LSTM": (1, 2, 3, 7),
    "RNN": (1, 2, 3),
    "BatchNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "GroupNormalization": (1, 2),
    "LayerNormalization": (1, 2),
    "PRelu": (1,),
}
"""Which inputs of a standard operator are learned, where they are constants. BatchNormalization's running statistics
are not."""
