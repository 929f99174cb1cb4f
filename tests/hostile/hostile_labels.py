"""Labelled datasets that are wrong in a seeded way. Each is written into a folder; what a user would give is returned."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import yaml
from hostile_files import picture
from hostile_json import VALUES, hostile_json

NUMBERS = (
    "nan", "inf", "-1", "0", "1e999", "1e308", "99999999999999999999", "x", "", "0x10", "½", "0.5", "\0",
    "1" * 5000,
)  # fmt: skip
PATHS = (
    "../secret", "/etc", "images/../../secret", "C:\\x", "\\\\host\\x", "~", ".", "", "none", "a\0b",
    "x" * 5000, "images/a.png",
)  # fmt: skip


def _images(folder: Path, names: tuple[str, ...] = ("a", "b", "c")) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.png").write_bytes(picture())


def hostile_coco(seed: int, folder: Path) -> Path:
    random = Random(f"coco {seed}")
    _images(folder / "images")
    boxes = [[1, 2, 10, 12], [5.5, 5, 20, 10], [0, 0, 40, 30], [3, 3, 2, 2]]
    data = {
        "images": [
            {"id": i, "file_name": f"{name}.png", "width": 40, "height": 30}
            for i, name in enumerate("abc", 1)
        ],
        "annotations": [
            {"id": i, "image_id": 1 + i % 3, "category_id": 1 + i % 2, "bbox": box, "iscrowd": 0, "area": 9.0}
            for i, box in enumerate(boxes)
        ],
        "categories": [{"id": 1, "name": "stop"}, {"id": 2, "name": "yield"}],
    }
    path = folder / random.choice(("instances.json", "instances_val.json", "x.json"))
    path.write_bytes(hostile_json(data, random))
    if random.random() < 0.2:
        _spoil_a_file(folder, random)
    return random.choice((path, folder))


def hostile_yolo(seed: int, folder: Path) -> Path:
    random = Random(f"yolo {seed}")
    for split in ("train", "val"):
        _images(folder / "images" / split)
        (folder / "labels" / split).mkdir(parents=True)
        for name in "abc":
            (folder / "labels" / split / f"{name}.txt").write_text("0 .5 .5 .2 .2\n1 .2 .2 .1 .1\n")
    declared = {
        "path": ".",
        "train": "images/train",
        "val": "images/val",
        "names": {0: "stop", 1: "yield"},
        "nc": 2,
    }
    if random.random() < 0.5:
        declared["names"] = ["stop", "yield"]
    (folder / "data.yaml").write_text(yaml.safe_dump(declared))
    way = random.randrange(5)
    if way == 0:
        _hostile_labels(folder / "labels" / "val" / "a.txt", random)
        if random.random() < 0.5:  # nothing says how many classes there are
            (folder / "data.yaml").unlink()
    elif way == 1:
        (folder / "data.yaml").write_bytes(_hostile_yaml(declared, random))
    elif way == 2:
        declared[random.choice(list(declared))] = random.choice(
            [*VALUES[:-1], *PATHS, [*PATHS], {0: "a", "x": "y"}, {1: "a"}]
        )
        (folder / "data.yaml").write_text(yaml.safe_dump(declared), errors="surrogatepass")
    elif way == 3:
        declared["val"] = "val.txt"
        lines = random.choices([*PATHS, "./images/val/a.png", "\ufeff./images/val/b.png"], k=4)
        (folder / "val.txt").write_text("\n".join(lines))
        (folder / "data.yaml").write_text(yaml.safe_dump(declared))
    else:
        _spoil_a_file(folder, random)
    return random.choice((folder, folder / "data.yaml")) if (folder / "data.yaml").exists() else folder


def _hostile_labels(path: Path, random: Random) -> None:
    lines = []
    for _ in range(random.randrange(1, 4)):
        fields = random.choice(
            (["0", ".5", ".5", ".2", ".2"], ["1", ".1", ".1", ".4", ".1", ".4", ".4"], ["0", "1"])
        )
        fields[random.randrange(len(fields))] = random.choice(
            [*NUMBERS, "1000000000", "12345678901234", "-3"]
        )
        lines.append(random.choice((" ", "\t", ",", "  ")).join(fields))
    content = "\n".join(lines).encode()
    path.write_bytes(
        random.choice((content, content, content + b"\xff", bytes(30), b"0 " * 40_000, content[:-3]))
    )


def _hostile_yaml(declared: object, random: Random) -> bytes:
    text = yaml.safe_dump(declared)
    bomb = "\n".join(
        ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20))]
    )
    return random.choice(
        [
            b"", text[: random.randrange(len(text))].encode(), b"names: [a", b"- names", b"names", bytes(99),
            b"\xff\xfe", f"{bomb}\nnames: *a19\nval: images/val".encode(),
            f"{bomb}\nnames: [a]\nval: *a19".encode(), f"{bomb}\nnames: [a]\npath: *a19".encode(),
            f"{bomb}\nnames: [*a19]\nval: images/val".encode(), b"names: &a [*a]\nval: images/val",
            b"val: &a {b: *a}\nnames: [a]", b"[" * 20_000, b"{a: " * 9_000,
            b"names: !!python/object/apply:os.system ['true']", b"names: !!binary x",
            b"val: !!timestamp x\nnames: [a]", b"val: 2001-99-99\nnames: [a]",
            b"names: !!set {a, b}\nval: images/val", b"names: !!omap [a: b]\nval: images/val",
            b"names: {? [1, 2] : a}\nval: images/val", b"names: {0: a, 0: b}\nval: images/val",
            b"names: ~\nval: images/val", b"names: [1, 2.5, true, ~, 2020-01-01]\nval: images/val",
            b"names: [a]\nval: images/val\n---\nnames: [b]", b"names: {.nan: a}\nval: images/val",
            b"names: [.inf, .nan]\nval: images/val", b'names: ["\\ud800"]\nval: images/val',
            b"names: {0x0: a, 1_0: b}\nval: images/val", b"names: ['', ' ']\nval: images/val",
            b"%YAML 9.9\n---\nnames: [a]", b"names: [" + b"a, " * 50_000 + b"]\nval: images/val",
            b"<<: *x\nnames: [a]", b"names: [a]\n\tval: x", b"!!x names: [a]",
        ]
    )  # fmt: skip


def hostile_voc(seed: int, folder: Path) -> Path:
    random = Random(f"voc {seed}")
    _images(folder / "JPEGImages")
    (folder / "Annotations").mkdir()
    for name in "abc":
        content = (
            _hostile_xml(name, random)
            if name == "a" or random.random() < 0.2
            else ElementTree.tostring(_annotation(name))
        )
        (folder / "Annotations" / f"{name}.xml").write_bytes(content)
    if random.random() < 0.4:
        sets = folder / "ImageSets" / random.choice(("Main", ""))
        sets.mkdir(parents=True)
        for name in ("train", "val"):
            lines = random.choices(["a", "b", "c", "a 1", *PATHS], k=random.randrange(5))
            (sets / f"{name}.txt").write_text("\n".join(lines))
    if random.random() < 0.15:
        _spoil_a_file(folder, random)
    return random.choice((folder, folder, folder / "Annotations"))


def _annotation(name: str) -> ElementTree.Element:
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = f"{name}.png"
    size = ElementTree.SubElement(root, "size")
    for key, value in (("width", "40"), ("height", "30"), ("depth", "3")):
        ElementTree.SubElement(size, key).text = value
    item = ElementTree.SubElement(root, "object")
    ElementTree.SubElement(item, "name").text = "stop"
    ElementTree.SubElement(item, "difficult").text = "0"
    box = ElementTree.SubElement(item, "bndbox")
    for key, value in (("xmin", "1"), ("ymin", "2"), ("xmax", "20"), ("ymax", "25")):
        ElementTree.SubElement(box, key).text = value
    return root


def _hostile_xml(name: str, random: Random) -> bytes:
    root = _annotation(name)
    for _ in range(random.randrange(1, 4)):
        parents = [element for element in root.iter() if len(element)]
        parent = random.choice(parents)
        child = random.choice(list(parent))
        way = random.randrange(4)
        if way == 0:
            parent.remove(child)
        elif way == 1:
            parent.append(child)
        elif way == 2:
            child.tag = random.choice(("object", "name", "x", "bndbox", "size"))
        else:
            child.text = random.choice(
                [each for each in (*NUMBERS, *PATHS, "名", " ", "x" * 9000) if "\0" not in each]
            )
        if not any(len(element) for element in root.iter()):
            break
    text = ElementTree.tostring(root)
    if random.random() > 0.35:
        return text
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return random.choice(
        [
            text[: random.randrange(len(text))], b"", b"<a>" * 50_000, bytes(50), b"\xff\xfe" + text,
            text + text, f'<!DOCTYPE a [<!ENTITY l0 "lol">{laughs}]><annotation>&l9;</annotation>'.encode(),
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>',
            b'<!DOCTYPE a SYSTEM "http://localhost:9/x.dtd"><annotation/>',
            b'<?xml version="1.0" encoding="x"?>' + text, b'<?xml version="1.0" encoding="utf-16"?>' + text,
            b"<?xml version='1.0' encoding='utf-7'?>" + text,
            text.replace(b"<annotation>", b'<annotation xmlns="urn:x">'),
            b"<annotation>" + b"<object/>" * 5000 + b"</annotation>",
            b"<annotation " + b" ".join(b"a%d='1'" % i for i in range(5000)) + b"/>",
            b"<annotation>\xff</annotation>",
        ]
    )  # fmt: skip


def _spoil_a_file(folder: Path, random: Random) -> None:
    """A file is gone, a folder, a link, empty, or something else."""
    path = random.choice(sorted(each for each in folder.rglob("*") if each.is_file()))
    content = path.read_bytes()
    path.unlink()
    way = random.randrange(7)
    if way == 0:
        path.mkdir()
    elif way == 1:
        path.symlink_to("/etc/passwd")
    elif way == 2:
        path.symlink_to(path)
    elif way == 3:
        path.write_bytes(b"")
    elif way == 4:
        path.write_bytes(content[: len(content) // 2])
    elif way == 5:
        os.mkfifo(path)
    shutil.copytree(
        path.parent, folder / "copy", symlinks=True
    ) if random.random() < 0.1 and way != 5 else None
