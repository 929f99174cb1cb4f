"""Reading untrusted image files: limited in pixels, turned upright, always RGB."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL.Image
from PIL import ImageOps

from edgeslim.detections import Image
from edgeslim.errors import DatasetError

MAX_PIXELS = 50_000_000
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
Size = tuple[int, int]
"""(width, height) in pixels."""

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
_ENDS = ((b"\xff\xd8", b"\xff\xd9"), (b"\x89PNG", b"IEND"))
"""How JPEG and PNG begin, and the marker at their end: coded pixels hold no JPEG marker."""
_TAIL = 1024
"""Bytes at the end in which it must be: some cameras write a little behind it."""
_ORIENTATION = 0x0112
_QUARTER_TURNS = (5, 6, 7, 8)
_BOMBS = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)
# Exceptions of Pillow's decoders on damaged files, which depend on the format and the damage.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error)


def read_image(source: Path | bytes, name: str, size: Size | None = None) -> Image:
    """Decode an image to (height, width, 3) RGB uint8; alpha is dropped, 16-bit grey becomes 8-bit.

    The camera's EXIF orientation is applied, unless `size`, declared by the annotations, is that of the image as
    stored: then the annotations refer to the unrotated image. Errors refer to the image as `name`.

    Raises DatasetError: missing_image, broken_image, too_many_pixels (checked before decoding; see
    MAX_PIXELS), unsupported_image, image_size.
    """
    with _opened(source, name) as picture:
        stored, upright = _sizes(picture)
        _check_size(name, size, stored, upright)
        if picture.mode in ("I", "F"):
            raise DatasetError("unsupported_image", image=name)
        turned = picture if size == stored != upright else ImageOps.exif_transpose(picture)
        return _rgb(turned)


def read_frames(content: bytes, name: str, most: int) -> list[Image]:
    """The frames of an animated GIF or WebP, `most` of them at even distances; of any other image the only one.

    All have the size of the first. Raises what `read_image` does; `MAX_PIXELS` holds for all frames together.
    """
    with _opened(content, name, (*_FORMATS, "GIF")) as picture:
        count = int(getattr(picture, "n_frames", 1))
        if count > 1:
            chosen = sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})
            if picture.width * picture.height * len(chosen) > MAX_PIXELS:
                raise DatasetError("too_many_pixels", image=name, limit=MAX_PIXELS // 1_000_000)
            frames = []
            for place in chosen:
                picture.seek(place)
                frames.append(_rgb(picture.copy()))
            return frames
        if picture.format == "GIF":
            return [_rgb(picture)]
    return [read_image(content, name)]


def check_image(path: Path, name: str, size: Size | None = None) -> Size:
    """Read the header only; return the (width, height) that `read_image` will give. Raises the same errors."""
    with _opened(path, name) as picture:
        stored, upright = _sizes(picture)
    _check_size(name, size, stored, upright)
    return size or upright


def check_whole(path: Path, name: str) -> None:
    """Raise DatasetError (broken_image) for a file that was cut short.

    Of JPEG, PNG and WebP the two ends of the file tell; what they leave open, and any other format, is decoded.
    """
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    if head[8:] == b"WEBP" and path.stat().st_size >= 8 + int.from_bytes(head[4:8], "little"):
        return
    if not any(head.startswith(start) and end in tail for start, end in _ENDS):
        read_image(path, name)


def list_images(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The image files in a folder, sorted by path; hidden files and folders are left out."""
    if not recursive:
        return sorted(path for path in folder.glob("[!.]*") if is_image(path))
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(path for path in found if is_image(path))


def is_image(path: Path) -> bool:
    """True for a file with an image's suffix; its content is not read."""
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


@contextmanager
def _opened(
    source: Path | bytes, name: str, formats: tuple[str, ...] = _FORMATS
) -> Iterator[PIL.Image.Image]:
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with PIL.Image.open(stream, formats=formats) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise DatasetError("too_many_pixels", image=name, limit=MAX_PIXELS // 1_000_000)
            yield picture
    except DatasetError:
        raise
    except FileNotFoundError as error:
        raise DatasetError("missing_image", image=name) from error
    except _BOMBS as error:
        raise DatasetError("too_many_pixels", image=name, limit=MAX_PIXELS // 1_000_000) from error
    except _BROKEN as error:
        raise DatasetError("broken_image", image=name) from error


def _sizes(picture: PIL.Image.Image) -> tuple[Size, Size]:
    """(width, height) as stored, and after the EXIF orientation."""
    width, height = picture.size
    turned = picture.getexif().get(_ORIENTATION) in _QUARTER_TURNS
    return (width, height), ((height, width) if turned else (width, height))


def _check_size(name: str, declared: Size | None, stored: Size, upright: Size) -> None:
    if declared is None or declared in (stored, upright):
        return
    sizes = {"declared": "{}x{}".format(*declared), "actual": "{}x{}".format(*upright)}
    raise DatasetError("image_size", image=name, **sizes)


def _rgb(picture: PIL.Image.Image) -> Image:
    if picture.mode.startswith("I;16"):
        grey = (np.asarray(picture) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode == "P":
        picture = picture.convert(
            "RGBA"
        )  # a palette may hold transparency that a direct conversion complains about
    return np.array(picture.convert("RGB"), np.uint8)
