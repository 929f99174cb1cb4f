"""Boxes drawn on a picture: what a detector says, and what changed against the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from edgeslim.detections import Annotations, Detections, FloatArray, Image
from edgeslim.metrics.fidelity import Fidelity

Change = Literal["kept", "moved", "relabelled", "lost", "gained"]
CHANGES: tuple[Change, ...] = ("kept", "moved", "relabelled", "lost", "gained")
SYMBOLS: dict[Change, str] = {"kept": "=", "moved": "~", "relabelled": "»", "lost": "-", "gained": "+"}
"""Written at the box and in the legend: colour alone tells nobody who cannot see it."""
COLORS: dict[Change, str] = {
    "kept": "#2fd39b",
    "moved": "#4fb3ff",
    "relabelled": "#c79bff",
    "lost": "#ff5a52",
    "gained": "#ffae2b",
}
TRUTH_COLOR = "#ffffff"
INK = "#10201c"

LONG_SIDE = 960
"""Small pictures are enlarged to about this before drawing, so that lines and words stay sharp."""
LARGEST_SIDE = 1600
CJK_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
    "DroidSansFallback.ttf",
)
"""Tried by name among the system's fonts, and only for labels that the bundled font cannot write."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box to be drawn: (4,) xyxy in image pixels."""

    corners: FloatArray
    words: str
    change: Change


def boxes_of(detections: Detections, labels: Sequence[str], scores: bool = True) -> list[Box]:
    """All boxes of one model, as they are."""
    return [
        Box(detections.boxes[i], _words(detections, i, labels, scores), "kept")
        for i in range(len(detections))
    ]


def changes_of(
    original: Detections, compressed: Detections, found: Fidelity, labels: Sequence[str], scores: bool = True
) -> list[Box]:
    """The compressed model's boxes by what became of them, and those it lost where the original had them."""
    boxes = [Box(compressed.boxes[j], _words(compressed, j, labels, scores), "kept") for _, j in found.kept]
    boxes += [
        Box(compressed.boxes[j], _words(compressed, j, labels, scores), "moved") for _, j in found.moved
    ]
    boxes += [
        Box(
            compressed.boxes[j],
            f"{_label(labels, original.classes[i])} » {_words(compressed, j, labels, scores)}",
            "relabelled",
        )
        for i, j in found.relabelled
    ]
    boxes += [Box(original.boxes[i], _words(original, i, labels, False), "lost") for i in found.lost]
    boxes += [Box(compressed.boxes[j], _words(compressed, j, labels, scores), "gained") for j in found.gained]
    return boxes


def draw(
    image: Image, boxes: Sequence[Box], truth: Annotations | None = None, *, large: bool = False
) -> Pictures.Image:
    """The picture, enlarged, with its boxes; changed ones carry their symbol, lost ones a dashed line.

    `truth` is drawn thin and white. `large` writes larger words, for pictures shown small.
    """
    picture = Pictures.fromarray(image)
    longest = max(picture.size)
    scale = max(1.0, LONG_SIDE / longest) if longest <= LARGEST_SIDE else LARGEST_SIDE / longest
    filter_ = Pictures.Resampling.NEAREST if longest < 64 else Pictures.Resampling.LANCZOS
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), filter_)
    pen = ImageDraw.Draw(picture)
    unit = max(2, round(max(picture.size) / 260))
    for corners in truth.boxes if truth is not None else ():
        _outline(pen, corners * scale, TRUTH_COLOR, max(1, unit // 2), dash=unit)
    size = round(max(picture.size) * (0.032 if large else 0.022))
    tags: list[_Tag] = []
    for box in sorted(boxes, key=lambda item: item.change == "kept"):
        plain = box.change in ("kept", "relabelled")
        words = box.words if plain else f"{SYMBOLS[box.change]} {box.words}"
        plate = _place(pen, picture.size, box.corners * scale, words, size, [tag.plate for tag in tags])
        tags.append(_Tag(box, plate, words))
    # What changed chooses its place first and is drawn last: what did not change never covers it.
    for changed in (False, True):
        group = [tag for tag in reversed(tags) if (tag.box.change != "kept") == changed]
        for tag in group:
            dash = unit * 4 if tag.box.change == "lost" else 0
            _outline(pen, tag.box.corners * scale, COLORS[tag.box.change], unit, dash)
        for tag in group:
            _write(pen, tag, size)
    return picture


Plate = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Tag:
    box: Box
    plate: Plate
    words: str


def _words(detections: Detections, index: int, labels: Sequence[str], scores: bool) -> str:
    name = _label(labels, detections.classes[index])
    return f"{name} {detections.scores[index]:.2f}" if scores else name


def _label(labels: Sequence[str], index: int) -> str:
    return labels[index].replace("_", " ") if 0 <= index < len(labels) else str(index)


def _outline(pen: ImageDraw.ImageDraw, corners: FloatArray, color: str, width: int, dash: int) -> None:
    """A rectangle with a dark rim, so that it shows on bright and on dark ground alike."""
    x0, y0, x1, y1 = (float(value) for value in corners)
    x1, y1 = max(x0 + 1, x1), max(y0 + 1, y1)
    if not dash:
        pen.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=INK, width=width + 2)
        pen.rectangle((x0, y0, x1, y1), outline=color, width=width)
        return
    sides = (((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0)))
    for rim, ink in ((2, INK), (0, color)):
        for (ax, ay), (bx, by) in sides:
            length = max(abs(bx - ax), abs(by - ay))
            steps = max(1, round(length / (2 * dash)))
            for k in range(steps):
                start, end = k / steps, (k + 0.55) / steps
                pen.line(
                    (
                        ax + (bx - ax) * start,
                        ay + (by - ay) * start,
                        ax + (bx - ax) * end,
                        ay + (by - ay) * end,
                    ),
                    fill=ink,
                    width=width + rim,
                )


def _place(
    pen: ImageDraw.ImageDraw,
    frame: tuple[int, int],
    corners: FloatArray,
    words: str,
    size: int,
    taken: Sequence[Plate],
) -> Plate:
    """Where words go at a box: above, below, beside or inside, wherever nothing is written yet."""
    left, _, right, _ = pen.textbbox((0, 0), words, font=_font(words, size))
    width, height = right - left + 0.6 * size, size * 1.35
    x0, y0, x1, y1 = (float(value) for value in corners)
    x = min(max(0.0, x0), max(0.0, frame[0] - width))
    above, below, aside = y0 - height, y1, max(0.0, x1 - width)
    corners_tried = (
        (x, above), (x, below), (aside, above), (aside, below), (x1, y0), (x0 - width, y0), (x1, y1 - height),
        (x0 - width, y1 - height), (x, y0), (x, y1 - height), (x, above - height), (x, below + height),
    )  # fmt: skip
    plates = [
        (px, py, px + width, py + height)
        for px, py in corners_tried
        if px >= 0 and py >= 0 and px + width <= frame[0] and py + height <= frame[1]
    ]
    return next(
        (one for one in plates if not any(_overlap(one, other) for other in taken)),
        (x, max(0.0, above), x + width, max(0.0, above) + height),
    )


def _write(pen: ImageDraw.ImageDraw, tag: _Tag, size: int) -> None:
    font = _font(tag.words, size)
    left, top, _, bottom = pen.textbbox((0, 0), tag.words, font=font)
    pen.rounded_rectangle(tag.plate, radius=size * 0.2, fill=COLORS[tag.box.change])
    middle = (tag.plate[1] + tag.plate[3] - top - bottom) / 2
    pen.text((tag.plate[0] + 0.3 * size - left, middle), tag.words, fill=INK, font=font)


def _overlap(a: Plate, b: Plate) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _font(words: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if any(ord(letter) > 0x2E7F for letter in words):
        for name in CJK_FONTS:
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)
