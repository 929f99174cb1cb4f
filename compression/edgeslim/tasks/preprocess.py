"""From an image to the network's input, and boxes back.

Resizing is Pillow's bilinear filter, which averages when it shrinks. A letterboxed image is ⌊width · r⌋ ×
⌊height · r⌋ pixels with r = min(input / image), in the top-left corner or in the middle (rounded down); the
exact scale of each axis is kept, so mapping boxes back adds no rounding error.
"""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from edgeslim.detections import FloatArray, Image
from edgeslim.models.base import ModelSpec
from edgeslim.tasks.base import Prepared


def prepare(image: Image, spec: ModelSpec) -> Prepared:
    """Resize, pad, order colours and normalise: tensor (1, C, input_height, input_width), C = 1 for GRAY."""
    height, width = image.shape[:2]
    new_width, new_height, left, top = _placement(width, height, spec)
    pixels = _resized(image, new_width, new_height, gray=spec.color == "GRAY")
    if spec.color == "BGR":
        pixels = pixels[:, :, ::-1]
    channels = pixels.shape[2]
    gain = (spec.scale / np.array(spec.std[:channels])).astype(np.float32)[:, None, None]
    shift = (np.array(spec.mean[:channels]) / np.array(spec.std[:channels])).astype(np.float32)[:, None, None]
    planes = pixels.transpose(2, 0, 1)
    tensor = np.empty((1, channels, spec.input_height, spec.input_width), np.float32)
    if planes.shape != tensor.shape[1:]:
        tensor[0] = np.float32(spec.pad_value) * gain - shift
    inside = tensor[0, :, top : top + new_height, left : left + new_width]
    np.multiply(planes, gain, out=inside)
    inside -= shift
    return Prepared(tensor, new_width / width, new_height / height, left, top, width, height)


def to_image(boxes: FloatArray, prepared: Prepared) -> FloatArray:
    """Boxes (N, 4) xyxy in network-input pixels → image pixels, clipped to the image."""
    offset = np.array([prepared.offset_x, prepared.offset_y] * 2, np.float32)
    scale = np.array([prepared.scale_x, prepared.scale_y] * 2, np.float32)
    limit = np.array([prepared.width, prepared.height] * 2, np.float32)
    clipped: FloatArray = np.clip((boxes - offset) / scale, 0, limit).astype(np.float32)
    return clipped


def _placement(width: int, height: int, spec: ModelSpec) -> tuple[int, int, int, int]:
    """Size of the resized image and its left and top in the network's input."""
    if spec.resize == "stretch":
        return spec.input_width, spec.input_height, 0, 0
    ratio = min(spec.input_width / width, spec.input_height / height)
    # The axis that fits exactly must not lose a pixel to binary fractions.
    new_width, new_height = (max(1, int(side * ratio + 1e-6)) for side in (width, height))
    if spec.resize == "letterbox_corner":
        return new_width, new_height, 0, 0
    return new_width, new_height, (spec.input_width - new_width) // 2, (spec.input_height - new_height) // 2


def _resized(image: Image, width: int, height: int, *, gray: bool) -> Image:
    """(height, width, 3), or (height, width, 1) of the luma (ITU-R 601) where `gray`."""
    if image.shape[:2] == (height, width) and not gray:
        return image
    picture = Pillow.fromarray(image)
    if gray:
        picture = picture.convert("L")
    pixels = np.asarray(picture.resize((width, height), Pillow.Resampling.BILINEAR))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]
