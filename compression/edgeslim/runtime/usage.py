"""The code that runs a delivered file in a program of one's own, in several languages.

Templates lie in `on_device/<runtime>/`: a runtime that brings some is shown with them. In a template `{{name}}` is
filled from the file and from how images are prepared for it. `runner.txt` beside them is a module for
measure.py: VERSION, MODES and `open_file(path, threads, mode)`; a line '# pip install …' in it says what it needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from edgeslim.models.base import ModelSpec

ON_DEVICE = Path(__file__).parent / "on_device"
Language = Literal["python", "cpp", "kotlin", "javascript"]
LANGUAGES: tuple[Language, ...] = ("python", "cpp", "kotlin", "javascript")
CHECKED: Mapping[Language, Literal["run", "compiled", "no"]] = {
    "python": "run",
    "cpp": "compiled",
    "kotlin": "no",
    "javascript": "compiled",
}
"""What the tests do with the code: run it on a picture, see whether a compiler takes it, or nothing."""
_LIKE = {"onnxruntime-mobile": "onnxruntime"}
"""Runtimes whose code is that of another one."""
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_INSTALL = re.compile(r"^# pip install (.+)$", re.MULTILINE)
_CHANNELS = {"RGB": 3, "BGR": 3, "GRAY": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What a file calls its image and its outputs."""

    input: str
    outputs: tuple[str, ...]


@cache
def languages(runtime: str) -> tuple[Language, ...]:
    """Those in which there is code for the runtime."""
    return tuple(each for each in LANGUAGES if _template(runtime, each).exists())


def code(runtime: str, language: Language, file: str, spec: ModelSpec, ports: Ports) -> str:
    """The code that runs `file` on a picture."""
    template = _template(runtime, language).read_text(encoding="utf-8")
    values = {"file": file, **_about(spec), **_named(ports)}
    values["prepare"] = _filled(_PREPARE["stretch" if spec.resize == "stretch" else "letterbox"], values)
    return _filled(template, values)


def _template(runtime: str, language: Language) -> Path:
    return ON_DEVICE / _LIKE.get(runtime, runtime) / f"{language}.txt"


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values[found[1]], template)


def _named(ports: Ports) -> dict[str, str]:
    return {
        "input": ports.input,
        "outputs": ", ".join(f'"{name}"' for name in ports.outputs),
        "output_count": str(len(ports.outputs)),
    }


def _about(spec: ModelSpec) -> dict[str, str]:
    channels = _CHANNELS[spec.color]
    gain = [spec.scale / deviation for deviation in spec.std[:channels]]
    shift = [mean / deviation for mean, deviation in zip(spec.mean, spec.std, strict=True)][:channels]
    corner = spec.resize == "letterbox_corner"
    return {
        "width": str(spec.input_width),
        "height": str(spec.input_height),
        "area": str(spec.input_width * spec.input_height),
        "channels": str(channels),
        "color": spec.color,
        "fit": ""
        if spec.resize == "stretch"
        else f"  // keeps its proportions {'in the corner' if corner else 'in the middle'}, {spec.pad_value:g} around",
        "mode": "L" if spec.color == "GRAY" else "RGB",
        "reversed": "[:, :, ::-1]" if spec.color == "BGR" else "",
        "gain": _numbers(gain),
        "shift": _numbers(shift),
        "gain_floats": _numbers(gain, "f"),
        "shift_floats": _numbers(shift, "f"),
        # Of a pixel's red, green and blue, the one that a channel takes; a grey picture has the same three times.
        "byte": {"RGB": "channel", "BGR": "(2 - channel)", "GRAY": "0"}[spec.color],
        "pad": f"{spec.pad_value:g}",
        "filter": "BICUBIC" if spec.resize_filter == "bicubic" else "BILINEAR",
        "left": "0" if corner else f"({spec.input_width} - size[0]) // 2",
        "top": "0" if corner else f"({spec.input_height} - size[1]) // 2",
    }


def _numbers(values: Sequence[float], suffix: str = "") -> str:
    """With a point: C++ and Kotlin take no whole number for one."""
    texts = (f"{value:.9g}" for value in values)
    return ", ".join((text if "." in text or "e" in text else f"{text}.0") + suffix for text in texts)


_PREPARE = {
    "stretch": """\
picture = Image.open("photo.jpg").convert("{{mode}}").resize(({{width}}, {{height}}), Image.Resampling.{{filter}})
pixels = np.asarray(picture, np.float32).reshape({{height}}, {{width}}, {{channels}}){{reversed}}
tensor = pixels * np.float32([{{gain}}]) - np.float32([{{shift}}])
tensor = np.ascontiguousarray(tensor.transpose(2, 0, 1)[None])""",
    "letterbox": """\
picture = Image.open("photo.jpg").convert("{{mode}}")
ratio = min({{width}} / picture.width, {{height}} / picture.height)
size = int(picture.width * ratio + 1e-6), int(picture.height * ratio + 1e-6)
pixels = np.full(({{height}}, {{width}}, {{channels}}), {{pad}}, np.float32)
left, top = {{left}}, {{top}}
inside = np.asarray(picture.resize(size, Image.Resampling.{{filter}}), np.float32).reshape(size[1], size[0], {{channels}})
pixels[top : top + size[1], left : left + size[0]] = inside{{reversed}}
tensor = pixels * np.float32([{{gain}}]) - np.float32([{{shift}}])
tensor = np.ascontiguousarray(tensor.transpose(2, 0, 1)[None])""",
}
"""Python that makes `tensor` (1, channels, height, width) of a picture, with numpy and Pillow."""


@cache
def runner(runtime: str) -> str | None:
    """The module that runs the runtime's files on another device; None where there is none."""
    path = ON_DEVICE / _LIKE.get(runtime, runtime) / "runner.txt"
    return path.read_text(encoding="utf-8") if path.exists() else None


def runner_packages(runtime: str) -> tuple[str, ...]:
    """What pip installs for it there: the runtime alone, without what converts."""
    found = _INSTALL.search(runner(runtime) or "")
    return tuple(found[1].split()) if found else ()
