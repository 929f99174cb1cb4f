"""What a model is: an ONNX file, and the specification of how to prepare an image and read its outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgeslim.detections import TaskName

Resize = Literal["letterbox_corner", "letterbox_center", "stretch"]
ResizeFilter = Literal["antialiased", "bilinear", "bicubic"]
"""Pillow's bilinear filter, which averages where it shrinks; OpenCV's bilinear and bicubic ones, which do not."""
ColorOrder = Literal["RGB", "BGR", "GRAY"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """How to prepare images for a model and decode its outputs; convertible to JSON.

    The network's input is `(pixel * scale - mean) / std` per channel, NCHW float32, where pixel is 0–255 after
    resizing to (input_height, input_width) with `pad_value` (in pixel units) around a letterboxed image.
    `family` names the decoder (see families); 'unknown' has none, so that only fidelity can be measured.
    """

    task: TaskName = "detection"
    family: str = "unknown"
    input_width: int
    input_height: int
    color: ColorOrder = "RGB"
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    resize: Resize = "stretch"
    resize_filter: ResizeFilter = "antialiased"
    pad_value: float = 114.0
    strides: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    confidence: float = 0.05
    """Detections below this score are not decoded: part of the mAP convention."""
    nms_iou: float = 0.6
    class_agnostic_nms: bool = False
    """Whether a box also suppresses overlapping boxes of other classes, so that one object has one label."""
    max_detections: int = 100

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(1, channels, height, width)."""
        return 1, 1 if self.color == "GRAY" else 3, self.input_height, self.input_width

    def to_json(self) -> dict[str, Any]:
        """All fields. One that came later is left out where it is off: what stores keep by this stays valid."""
        told = dataclasses.asdict(self)
        if self.resize_filter == "antialiased":
            del told["resize_filter"]
        if not self.class_agnostic_nms:
            del told["class_agnostic_nms"]
        return told


@dataclass(frozen=True, slots=True)
class Model:
    """A detector or classifier: a checked, self-contained ONNX file and its specification.

    `path` has float32 weights and batch size 1, and may keep BatchNormalization nodes (so that training-type steps
    see them); the baseline artifact is this model after an empty recipe. `sha256` is that of the file.
    """

    name: str
    path: Path
    sha256: str
    spec: ModelSpec
    origin: str
    """Its source: 'sample', 'imported', 'catalogue' or a file path."""
    proof: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What import changed, and the measured difference of outputs (max_abs_error)."""

    @property
    def quantized(self) -> bool:
        """Whether another tool has quantized it: it is measured as it is, and not compressed further."""
        return bool(self.proof.get("quantized"))


_COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,"
    "parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,"
    "handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,"
    "surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,"
    "broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,"
    "mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,"
    "teddy bear,hair drier,toothbrush"
)
COCO_80 = tuple(_COCO.split(","))
"""The 80 categories of COCO detection in the order of their category ids. Source: cocodataset.org."""


def default_labels(classes: int) -> tuple[str, ...]:
    """Names for `classes` classes: COCO's when there are 80, else class_0, class_1 …"""
    if classes == len(COCO_80):
        return COCO_80
    return tuple(f"class_{index}" for index in range(classes))
