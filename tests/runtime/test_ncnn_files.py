"""ncnn's two files, read and written without it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from edgeslim.runtime.integer_layers import IntegerLayer
from edgeslim.runtime.ncnn.archive import Archive
from edgeslim.runtime.ncnn.weights import parse, written

RAW, HALF, INTEGER = (struct.pack("<I", tag) for tag in (0, 0x01306B47, 0x000D4B38))
CONV = "Convolution conv 1 1 in0 {out} 0={n} 1=1 5=1 6={size}"
HEAD = "7767517\n3 3\nInput in0 0 1 in0\n"


def network(first: np.ndarray, second: np.ndarray) -> tuple[str, bytes]:
    """Two 1×1 convolutions of weights (outputs, inputs), with biases of zero."""
    param, content = HEAD, b""
    for index, weight in enumerate((first, second)):
        param += CONV.format(out=f"out{index}", n=len(weight), size=weight.size) + "\n"
        content += RAW + weight.astype("<f4").tobytes() + bytes(4 * len(weight))
    return param, content


def test_weights_are_stored_in_half_the_bits_and_large_ones_in_all() -> None:
    small = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    large = np.array([[1e6, 1.0]], np.float32)
    _, content, used = written(parse(*network(small, large)), {})
    half = small.astype("<f2").tobytes()
    assert content == HALF + half + bytes(2) + bytes(12) + RAW + large.tobytes() + bytes(4)
    assert used == ()


def test_integers_replace_a_weight_by_its_codes_and_scales() -> None:
    codes = np.array([[-127, 3, 0], [64, 127, -1]], np.int8)
    layer = IntegerLayer("conv", codes, np.array([0.5, 0.25], np.float32), peak=4.0)
    own = np.frombuffer(layer.weight, np.float32).reshape(2, 3)
    other = np.ones((1, 2), np.float32)
    param, content, used = written(parse(*network(own, other)), {layer.weight: layer})
    assert used == (layer,)
    assert [" 8=2" in line for line in param.splitlines()[3:]] == [True, False]
    expected = INTEGER + codes.tobytes() + bytes(2) + bytes(8)
    assert content.startswith(expected + struct.pack("<3f", 1 / 0.5, 1 / 0.25, 127 / 4.0) + HALF)


def test_many_weights_of_few_values_are_indices_of_them() -> None:
    values = np.linspace(-1, 1, 256, dtype=np.float32)
    few = np.resize(values, (8, 320))
    many = np.linspace(-1, 1, 2560, dtype=np.float32).reshape(8, 320)
    _, content, _ = written(parse(*network(few, many)), {})
    assert len(content) == (4 + 1024 + 2560 + 32) + (4 + 5120 + 32)
    table = np.frombuffer(content, "<f4", 256, 4)
    index = np.frombuffer(content, np.uint8, 2560, 4 + 1024)
    assert np.array_equal(table[index].reshape(8, 320), few)
    assert content[:4] not in (RAW, HALF, INTEGER)


def test_weights_that_are_not_understood_are_no_guess() -> None:
    param, content = network(np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(ValueError, match="a layer among Input, Novelty has weights"):
        parse(param + "Novelty new 1 1 out1 out2\n", content + bytes(4))
    with pytest.raises(ValueError, match="no float32"):
        parse(param, content.replace(RAW, HALF, 1))


def test_an_archive_reads_back_as_it_was_written() -> None:
    archive = Archive("7767517\n", b"\x00\x01", "image", (1, 3, 8, 8), (("boxes", (1, 4)), ("scores", (2,))))
    assert Archive.from_bytes(archive.to_bytes()) == archive
