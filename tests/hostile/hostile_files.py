"""Images and archives that are wrong in a seeded way."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from random import Random

import numpy as np
import PIL.Image


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG", mode: str = "RGB") -> bytes:
    pixels = np.random.default_rng(size[0]).integers(0, 255, (size[1], size[0], 3), np.uint8)
    content = io.BytesIO()
    PIL.Image.fromarray(pixels).convert(mode).save(content, kind)
    return content.getvalue()


def hostile_images(seed: int, folder: Path) -> Path:
    """A folder with one sound image and one that is not."""
    random = Random(f"images {seed}")
    folder.mkdir(exist_ok=True)
    (folder / "sound.png").write_bytes(picture())
    name = random.choice(("x.png", "x.jpg", "x.bmp", "x.webp", "x.tif", "X.JPEG"))
    (folder / name).write_bytes(hostile_image(random))
    return folder


def hostile_classes(seed: int, folder: Path) -> Path:
    """Images by class, with one that is not sound, and folders that are odd."""
    random = Random(f"classes {seed}")
    odd = random.choice(("b", "images", "train", "a b", "<b>", "é" * 60, "-", "labels", "b/c/d/e", "Ａ"))
    inside = random.choice(("", "train", "val", "test/test"))
    for name in ("a", "c", odd):
        place = folder / inside / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "sound.png").write_bytes(picture())
    way = random.randrange(4)
    if way == 0:
        (folder / inside / "empty").mkdir()
    elif way == 1:
        (folder / inside / "c" / "loop").symlink_to(folder, target_is_directory=True)
    else:
        (folder / inside / "c" / "x.png").write_bytes(hostile_image(random))
    return folder


def hostile_image(random: Random) -> bytes:
    kind = random.choice(("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM", "ICO"))
    mode = random.choice(("RGB", "L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr", "I", "F", "HSV", "I;16"))
    made = io.BytesIO()
    pixels = (
        PIL.Image.new("I;16", (9, 7), 300)
        if mode == "I;16"
        else PIL.Image.new("RGB", (9, 7), "red").convert(mode)
    )
    try:
        pixels.save(made, kind, **({"exif": _exif(random)} if random.random() < 0.4 else {}))
    except (OSError, ValueError, KeyError, TypeError, SyntaxError):  # the format cannot hold that
        made = io.BytesIO(picture((9, 7), "PNG"))
    content = bytearray(made.getvalue())
    way = random.randrange(6)
    if way == 0:
        return bytes(content[: random.randrange(len(content))])
    if way == 1:
        for _ in range(random.randrange(1, 30)):
            content[random.randrange(len(content))] = random.randrange(256)
        return bytes(content)
    if way == 2:
        return _png(random)
    if way == 3:
        return random.choice(
            (
                b"", b"PK\x03\x04", b"%PDF", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", bytes(300),
                b"BM" + bytes(60),
            )
        )  # fmt: skip
    if way == 4:
        return bytes(content) + bytes(content)
    return bytes(content)


def _exif(random: Random) -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = random.choice((0, 3, 6, 8, 9, 255))
    content = bytearray(exif.tobytes())
    if random.random() < 0.5:
        content[random.randrange(len(content))] ^= 0xFF
    return bytes(content)


def _png(random: Random) -> bytes:
    """Headers that claim what is not there, and chunks that unpack to much."""
    sides = (0, 1, 7, 1 << 14, 1 << 20, (1 << 31) - 1, 1 << 31)
    width, height = random.choice(sides), random.choice(sides)
    header = struct.pack(
        ">IIBBBBB",
        width,
        height,
        random.choice((1, 8, 16, 3)),
        random.choice((0, 2, 3, 4, 6, 5)),
        0,
        0,
        random.choice((0, 1)),
    )
    bomb = zlib.compress(bytes(30 << 20), 9)
    chunks = [(b"IHDR", header), (b"IDAT", random.choice((zlib.compress(b"\0" * 40), bomb, b"x")))]
    if random.random() < 0.5:
        extra = random.choice(
            (
                (b"zTXt", b"a\0\0" + bomb),
                (b"iCCP", b"a\0\0" + bomb),
                (b"PLTE", b"\0" * 7),
                (b"tRNS", b"x"),
                (b"acTL", b"\0" * 8),
            )
        )
        chunks.insert(1, extra)
    if random.random() < 0.2:
        random.shuffle(chunks)
    content = b"\x89PNG\r\n\x1a\n"
    for name, data in (*chunks, (b"IEND", b"")):
        length = len(data) if random.random() < 0.95 else random.choice((0, 1 << 31, (1 << 32) - 1))
        content += struct.pack(">I", length) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return content


def hostile_archive(seed: int, folder: Path) -> Path:
    random = Random(f"archive {seed}")
    path = folder / random.choice(("data.zip", "data.ZIP", "data", "名 .zip", ".zip"))
    files = {"images/a.png": picture(), "classes.txt": b"stop\n", "labels/a.txt": b"0 .5 .5 .1 .1\n"}
    if random.random() < 0.3:
        files = {f"inner/{name}": content for name, content in files.items()}
    strange = random.choice(
        [
            "../escape.png", "/tmp/escape.png", "a/../../escape.png", "..\\escape.png", "C:\\escape.png",
            "C:/escape.png", "images", "images/a.png/b.png", "labels/a.txt", "x" * 300 + ".png", "CON.png",
            "a\nb.png", "\u202egnp.png", "images//a.png", "./images/b.png", ".hidden.png", "__MACOSX/a.png",
            "a:b.png", "images/../images/b.png", " .png", "...", "~/x.png", "sub/", "名.png", "evil.py",
        ]
    )  # fmt: skip
    content = io.BytesIO()
    packing = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(content, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        way = random.randrange(6)
        if way == 0:
            archive.writestr(zipfile.ZipInfo(strange), picture())
        elif way == 1:
            link = zipfile.ZipInfo("images/link.png")
            link.external_attr = random.choice((0o120777, 0o010644, 0o060644, 0o040755, 0o100000)) << 16
            archive.writestr(link, random.choice(("/etc/passwd", "../../..", "a.png")))
        elif way == 2:
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w") as nested:
                nested.writestr("../escape.png", picture())
            archive.writestr(random.choice(("inner.zip", "images/inner.png")), inner.getvalue())
        elif way == 3:
            size = random.choice((5 << 20, 60 << 20))
            archive.writestr(random.choice(("bomb.txt", "bomb.json", "images/bomb.png")), bytes(size))
        elif way == 4:
            for index in range(random.choice((300, 2000))):
                archive.writestr(f"many/{index}.txt", b"")
    path.write_bytes(_spoilt_archive(content.getvalue(), random))
    return path


def _spoilt_archive(content: bytes, random: Random) -> bytes:
    """As it is, or with a field of a header that lies."""
    broken, way = bytearray(content), random.randrange(10)
    if way == 0:
        return content[: random.randrange(len(content))]
    if way == 1:
        for _ in range(random.randrange(1, 40)):
            broken[random.randrange(len(broken))] = random.randrange(256)
    elif way == 2:
        return b"x" * random.randrange(1, 1000) + content
    elif way in (3, 4):
        # flags, method, CRC, packed and unpacked size in the directory, which is what is trusted
        place = content.find(b"PK\x01\x02")
        offset, kind = random.choice(
            ((8, "<H"), (10, "<H"), (16, "<I"), (20, "<I"), (24, "<I"), (28, "<H"), (42, "<I"))
        )
        size = struct.calcsize(kind)
        largest = (1 << 8 * size) - 1
        broken[place + offset : place + offset + size] = struct.pack(
            kind, random.choice((0, 1, 9, largest, largest // 2))
        )
    elif way == 5:
        return random.choice((b"", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" * 9, bytes(500)))
    return bytes(broken)
