"""Label names that many published models share."""

from __future__ import annotations

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
