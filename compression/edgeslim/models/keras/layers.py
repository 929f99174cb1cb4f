"""Keras's layers as torch modules, channels first. Conventions: keras.io/api/layers.

What is not the same in torch is refused, never approximated.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from edgeslim.models.keras import activations, shaping, weighted
from edgeslim.models.keras.layer import Layer, Modules

LAYERS: dict[str, Callable[[Layer], Modules]] = {
    "Activation": activations.activation,
    "ActivityRegularization": shaping.nothing,
    "Add": shaping.combining(torch.add),
    "Average": shaping.average,
    "AveragePooling2D": weighted.pooling,
    "BatchNormalization": weighted.batch_norm,
    "Concatenate": shaping.concatenate,
    "Conv2D": weighted.convolution,
    "Conv2DTranspose": weighted.transposed,
    "Cropping2D": shaping.cropping,
    "Dense": weighted.dense,
    "DepthwiseConv2D": weighted.convolution,
    "Divide": shaping.combining(torch.div),
    "Dropout": shaping.nothing,
    "ELU": activations.elu,
    "Flatten": shaping.flatten,
    "GaussianDropout": shaping.nothing,
    "GaussianNoise": shaping.nothing,
    "GlobalAveragePooling2D": shaping.global_pooling,
    "GlobalMaxPooling2D": shaping.global_pooling,
    "LeakyReLU": activations.leaky_relu,
    "MaxPooling2D": weighted.pooling,
    "Maximum": shaping.combining(torch.maximum),
    "Minimum": shaping.combining(torch.minimum),
    "Multiply": shaping.combining(torch.mul),
    "Normalization": shaping.normalization,
    "PReLU": activations.prelu,
    "RandomBrightness": shaping.nothing,
    "RandomContrast": shaping.nothing,
    "RandomFlip": shaping.nothing,
    "RandomRotation": shaping.nothing,
    "RandomTranslation": shaping.nothing,
    "RandomZoom": shaping.nothing,
    "ReLU": activations.relu,
    "Rescaling": shaping.rescaling,
    "Reshape": shaping.reshape,
    "SeparableConv2D": weighted.separable,
    "Softmax": activations.softmax,
    "SpatialDropout2D": shaping.nothing,
    "Subtract": shaping.combining(torch.sub),
    "TrueDivide": shaping.combining(torch.div),
    "UpSampling2D": shaping.upsampling,
    "ZeroPadding2D": shaping.zero_padding,
}
"""Kind of layer, or of an operation on tensors → its modules."""
PASSING = frozenset(
    {"Dropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "ReLU", "LeakyReLU", "ELU"}
)
"""Kinds that treat each number alike."""
