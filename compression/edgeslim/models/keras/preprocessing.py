"""How images are prepared for the networks of keras.applications. Source: keras.io/api/applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MODES: dict[str, dict[str, Any]] = {
    "caffe": {"color": "BGR", "scale": 1.0, "mean": (103.939, 116.779, 123.68), "std": (1.0, 1.0, 1.0)},
    "tf": {"color": "RGB", "scale": 1 / 127.5, "mean": (1.0, 1.0, 1.0), "std": (1.0, 1.0, 1.0)},
    "torch": {
        "color": "RGB",
        "scale": 1 / 255,
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
    },
    "inside": {"color": "RGB", "scale": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
}
"""Names of Keras's; 'inside' is a network that takes bytes and rescales them itself."""
APPLICATIONS: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet152"), ("caffe", 224)),
    **dict.fromkeys(("ResNet50V2", "ResNet101V2", "ResNet152V2"), ("tf", 224)),
    **dict.fromkeys(("MobileNet", "MobileNetV2", "NASNetMobile"), ("tf", 224)),
    **dict.fromkeys(("InceptionV3", "Xception"), ("tf", 299)),
    "NASNetLarge": ("tf", 331),
    **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201"), ("torch", 224)),
    **dict.fromkeys(("MobileNetV3Small", "MobileNetV3Large"), ("inside", 224)),
    **{
        f"EfficientNetB{number}": ("inside", side)
        for number, side in enumerate((224, 240, 260, 300, 380, 456, 528, 600))
    },
    "EfficientNetV2B0": ("inside", 224),
}
"""Name → mode, and the side of its images in pixels."""
_RESCALE = {"Rescaling", "Normalization", "TrueDivide", "Divide", "Multiply"}
_FIRST = 5
"""Layers among which a network that rescales its images does so."""


def prepared(mode: str, channels: int) -> dict[str, Any]:
    """Keys of a specification."""
    found = _MODES[mode]
    if channels == 3:
        return {**found, "resize_filter": "bilinear"}
    return {"scale": found["scale"], "mean": found["mean"][:1], "std": found["std"][:1]}


def hints_of(model: Any, channels: int) -> dict[str, Any]:
    """What a model tells of its preparation: that it rescales by itself, or whose name it bears; nothing else."""
    kinds = {layer["class_name"] for layer in model.get_config()["layers"][:_FIRST]}
    if kinds & _RESCALE:
        return prepared("inside", channels)
    plain = str(model.name).lower().replace("_", "").replace("-", "")
    names = sorted(APPLICATIONS, key=len, reverse=True)  # MobileNetV2 before MobileNet
    mode = next((APPLICATIONS[name][0] for name in names if plain.startswith(name.lower())), None)
    return {} if mode is None else prepared(mode, channels)
