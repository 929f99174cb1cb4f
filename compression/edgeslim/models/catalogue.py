"""Downloadable models that are known to work, each with licence, size and checksum."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.models.labels import COCO_80
from edgeslim.registry import Registry

_YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX"
_YOLOX_SPEC = ModelSpec(
    family="yolox",
    input_width=416,
    input_height=416,
    strides=(8, 16, 32),
    labels=COCO_80,
    **FAMILIES.get("yolox").conventions,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """A published model file: address, checksum, licence and specification."""

    name: str
    url: str
    sha256: str
    bytes: int
    licence: str
    source: str
    published: str
    """The published accuracy and dataset."""
    spec: ModelSpec


CATALOGUE: Registry[CatalogueEntry] = Registry("catalogue model")

CATALOGUE.add(
    CatalogueEntry(
        name="yolox-nano",
        url=f"{_YOLOX}/releases/download/0.1.1rc0/yolox_nano.onnx",
        sha256="c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
        bytes=3_659_407,
        licence="Apache-2.0",
        source=_YOLOX,
        published="COCO mAP 25.8",
        spec=_YOLOX_SPEC,
    )
)
CATALOGUE.add(
    CatalogueEntry(
        name="yolox-tiny",
        url=f"{_YOLOX}/releases/download/0.1.1rc0/yolox_tiny.onnx",
        sha256="427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",
        bytes=20_219_662,
        licence="Apache-2.0",
        source=_YOLOX,
        published="COCO mAP 32.8",
        spec=_YOLOX_SPEC,
    )
)
