"""JSON that is wrong in a seeded way: values of other kinds and beyond bounds, keys gone and doubled, text cut short."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

DEEP = "@deep@"
"""Stands for a nesting that json.dumps cannot write."""
VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 3, 1 << 31, 1 << 63, 1 << 80, 10**400, -(10**400), 0.5, -0.0, 1e308, -1e308,
    5e-324, float("nan"), float("inf"), float("-inf"), "", " ", "x", "1", "nan", "x" * 100_000, "\ud800",
    "a\udfffb", "\0", "\n", "{0}", "%s", "../../x.png", "/etc/passwd", "C:\\x.png", "~", "名", "💥", "<script>",
    "**", [], {}, [[]], [None] * 4, ["x"] * 300, {"": ""}, {"step": "float16"}, [1e999] * 4, [0, 0, -1, -1],
    [0, 0, 10**400, 1], ["1", "2", "3", "4"], DEEP,
)  # fmt: skip


def hostile_json(data: Any, random: Random) -> bytes:
    """The value with one to three things wrong in it, as a file's content."""
    data = copy.deepcopy(data)
    for _ in range(random.randrange(1, 4)):
        data = _changed(data, random)
    text = json.dumps(data, ensure_ascii=random.random() < 0.5 or _has_surrogates(data))
    depth = random.choice((20, 40, 900, 5_000, 100_000))
    text = text.replace(f'"{DEEP}"', "[" * depth + "]" * depth)
    content = text.encode()
    if random.random() < 0.15:
        content = _spoilt(text, random)
    return content


def _changed(data: Any, random: Random) -> Any:
    places = list(_places(data, ()))
    place = random.choice(places)
    if not place:
        return copy.deepcopy(random.choice(VALUES)) if random.random() < 0.2 else data
    holder = data
    for key in place[:-1]:
        holder = holder[key]
    key, way = place[-1], random.randrange(6)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[random.choice(("", "x", "id", "seed", "step", "name", "\ud800", "__class__"))] = random.choice(
            VALUES
        )
    elif way == 2 and isinstance(holder, list):
        holder.extend(copy.deepcopy(holder[key]) for _ in range(random.choice((1, 1, 2, 300))))
    else:
        holder[key] = copy.deepcopy(random.choice(VALUES))
    return data


def _places(data: Any, before: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The way to every value."""
    yield before
    if isinstance(data, dict):
        for key in data:
            yield from _places(data[key], (*before, key))
    elif isinstance(data, list):
        for index in range(min(len(data), 20)):
            yield from _places(data[index], (*before, index))


def _has_surrogates(data: Any) -> bool:
    return "\\ud" in json.dumps(data)


def _spoilt(text: str, random: Random) -> bytes:
    cut = random.randrange(len(text))
    return random.choice(
        [
            text[:cut].encode(), b"", b"\xff\xfe" + text.encode("utf-16-le"), b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"), (text + "]").encode(), (text + text).encode(),
            ("// comment\n" + text).encode(), text.replace('"', "'").encode(),
            text[:cut].encode() + b"\xc3\x28" + text[cut:].encode(),
            text.replace(":", ': 1, "x":', 1).encode(), bytes(200),
        ]
    )  # fmt: skip
