"""Images: upright RGB of any common kind; broken and oversized ones are refused by name."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeslim.datasets.images import check_image, list_images, read_image
from edgeslim.errors import DatasetError


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size, with next to no data behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(20_000, 10_000), (10_000, 10_000), (10_000, 5_001)])
def test_image_of_too_many_pixels_is_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(DatasetError, match=r"“huge\.png” has more than 50 megapixels") as caught:
        read_image(png_header(width, height), "huge.png")
    assert caught.value.code == "too_many_pixels"
    assert caught.value.values == {"image": "huge.png", "limit": 50}


def test_image_within_the_limit_is_judged_by_its_content() -> None:
    with pytest.raises(DatasetError) as caught:
        read_image(png_header(8_000, 6_000), "hollow.png")
    assert caught.value.code == "broken_image"


def test_jpeg_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "half.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match=r"half\.jpg” cannot be read") as caught:
        read_image(path, path.name)
    assert caught.value.code == "broken_image"


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0", b"GIF89a" + bytes(40), b"<html></html>"])
def test_what_is_no_image_is_named(content: bytes) -> None:
    with pytest.raises(DatasetError) as caught:
        read_image(content, "odd.jpg")
    assert (caught.value.code, caught.value.values) == ("broken_image", {"image": "odd.jpg"})


def test_absent_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"“gone\.jpg” does not exist") as caught:
        read_image(tmp_path / "gone.jpg", "gone.jpg")
    assert caught.value.code == "missing_image"


def turned_jpeg(path: Path) -> Path:
    """Stored 40×20 with a red left half; EXIF says to turn it clockwise, so red belongs on top of 20×40."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    return path


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    path = turned_jpeg(tmp_path / "turned.jpg")
    image = read_image(path, path.name)
    assert image.shape == (40, 20, 3)
    assert image[5, 10, 0] > 200
    assert image[35, 10, 0] < 50
    assert check_image(path, path.name) == (20, 40)


def test_picture_stays_unturned_if_its_annotations_were_made_so(tmp_path: Path) -> None:
    path = turned_jpeg(tmp_path / "turned.jpg")
    image = read_image(path, path.name, (40, 20))
    assert image.shape == (20, 40, 3)
    assert image[10, 5, 0] > 200
    assert check_image(path, path.name, (40, 20)) == (40, 20)


def test_annotations_for_another_size_are_refused(tmp_path: Path) -> None:
    path = turned_jpeg(tmp_path / "turned.jpg")
    with pytest.raises(DatasetError, match="has 20x40 pixels, but its annotations say 640x480") as caught:
        check_image(path, "turned.jpg", (640, 480))
    assert caught.value.code == "image_size"


@pytest.mark.parametrize(
    ("mode", "stored", "expected"),
    [
        ("L", 77, 77),
        ("I;16", 0x4D00, 77),
        ("RGBA", (77, 77, 77, 0), 77),
        ("CMYK", (0, 0, 0, 178), 77),
        ("1", 1, 255),
    ],
)
def test_other_kinds_of_pixels_become_rgb(tmp_path: Path, mode: str, stored: int, expected: int) -> None:
    path = tmp_path / "picture.tif"
    Image.new(mode, (6, 4), stored).save(path)
    image = read_image(path, path.name)
    assert image.shape == (4, 6, 3)
    assert image.dtype == np.uint8
    assert (image == expected).all()


def test_palette_with_transparency_becomes_rgb(tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    picture = Image.new("P", (6, 4), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.save(path, transparency=b"\x00\x80")
    assert read_image(path, path.name)[0, 0].tolist() == [10, 20, 30]


def test_images_of_unknown_range_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "depth.tif"
    Image.new("F", (6, 4), 0.5).save(path)
    with pytest.raises(DatasetError) as caught:
        read_image(path, path.name)
    assert caught.value.code == "unsupported_image"


def test_listing_is_sorted_and_leaves_out_hidden_files(
    tmp_path: Path, write_image: Callable[..., Path]
) -> None:
    for name in ("b.png", "a.PNG", ".hidden.png", "sub/c.jpg", ".cache/d.png"):
        write_image(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    assert [path.name for path in list_images(tmp_path)] == ["a.PNG", "b.png"]
    assert [path.name for path in list_images(tmp_path, recursive=True)] == ["a.PNG", "b.png", "c.jpg"]
