from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import zstandard
from onnx import TensorProto, helper
from tiny_graphs import model, node, weights

from edgeslim import records
from edgeslim.errors import ModelError
from edgeslim.metrics.size import entropy_bits, entropy_bound, sizes, stored_bytes, wide_bits

MODELS = Path(__file__).parents[3] / "shared" / "data" / "models"


def test_entropy_of_known_distributions() -> None:
    """4 even symbols: 2 bits each. One against seven in eight: 0.5436 bits each. A constant: none."""
    assert entropy_bits(np.array([1, 2, 3, 4] * 4, np.int8)) == pytest.approx(32)
    assert entropy_bits(np.array([0] * 7 + [1], np.uint8)) == pytest.approx(8 * 0.5435644)
    assert entropy_bits(np.zeros(1000, np.float32)) == 0.0
    assert entropy_bits(np.zeros(0, np.float32)) == 0.0
    assert entropy_bits(np.array([True, False])) == pytest.approx(2)


def test_floats_are_told_apart_by_their_bits() -> None:
    assert entropy_bits(np.array([0.0, -0.0, np.nan, 1.0], np.float32)) == pytest.approx(8)
    assert entropy_bits(np.array([0.0, 1.0, 0.0, 1.0], np.float16)) == pytest.approx(4)


def test_bound_sums_the_tensors_wherever_they_are_stored() -> None:
    """16 symbols of 2 bits in an initializer, 8 INT4 codes of 3 bits in a node: 56 bits."""
    codes = helper.make_tensor("codes", TensorProto.INT4, [8], list(range(-4, 4)))
    graph = model(
        [node("Constant", [], ["c"], value=codes), node("Conv", ["x", "w"], ["y"])],
        {"x": [1, 2, 4, 4]},
        ["y"],
        {"w": np.array([1, 2, 3, 4] * 4, np.int8).reshape(8, 2, 1, 1)},
    )
    assert entropy_bound(graph) == 7


def test_stored_bytes_are_those_of_the_numbers_alone() -> None:
    """16 float32 in raw data, 3 of them typed, and 8 INT4 codes packed in 4 bytes."""
    codes = helper.make_tensor("codes", TensorProto.INT4, [8], bytes(4), raw=True)
    typed = helper.make_tensor("typed", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])
    graph = model(
        [
            node("Constant", [], ["c"], value=codes),
            node("Constant", [], ["t"], value=typed),
            node("Conv", ["x", "w"], ["y"]),
        ],
        {"x": [1, 2, 4, 4]},
        ["y"],
        {"w": np.zeros((8, 2, 1, 1), np.float32)},
    )
    assert stored_bytes(graph) == 16 * 4 + 3 * 4 + 4


def test_wide_numbers_are_told_by_a_list_or_by_their_bytes() -> None:
    """1, 2, 3, 4 are 3f80…, 4000…, 4040…, 4080… in float32: the third byte has 1.5 bits, the fourth 0.8113.

    A few values of many bits each, drawn often: 2 bits each, and the list of four times 32 bits.
    """
    assert wide_bits(np.array([1, 2, 3, 4] * 4, np.float32)) == pytest.approx(16 * (1.5 + 0.8112781))
    palette = np.random.default_rng(0).normal(size=4).astype(np.float32)
    assert wide_bits(np.repeat(palette, 1000)) == pytest.approx(4000 * 2 + 4 * 32)
    assert wide_bits(np.array([1, 2, 3, 4] * 4, np.uint8)) == pytest.approx(32)


def test_zeros_of_a_pruned_tensor_cost_where_they_are() -> None:
    values = np.random.default_rng(0).normal(size=8192).astype(np.float32)
    dense = wide_bits(values)
    values[::2] = 0
    assert wide_bits(values) == pytest.approx(8192 + wide_bits(values[1::2]))
    assert 0.5 * dense < wide_bits(values) < 0.55 * dense
    assert wide_bits(np.zeros(100, np.float32)) == 0.0


def test_the_bound_of_trained_floats_is_near_their_size_and_below_their_download() -> None:
    """Sign and exponent have a few bits; the mantissa's 23 are noise that no coder can shorten."""
    values = np.random.default_rng(0).normal(scale=0.05, size=50_000).astype(np.float32)
    assert 25 < wide_bits(values) / values.size < 28
    download = len(zstandard.ZstdCompressor(level=19).compress(values.tobytes()))
    assert 0.85 * download < wide_bits(values) / 8 < download


def test_another_bound_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(
        model([node("Conv", ["x", "w"], ["y"])], {"x": [1, 2, 4, 4]}, ["y"], {"w": weights(8, 2, 1, 1)}), path
    )
    assert sizes(path, bound=lambda _: 42).entropy_bound == 42


def test_sizes_of_a_file(tmp_path: Path) -> None:
    graph = model(
        [node("Conv", ["x", "w"], ["y"])],
        {"x": [1, 16, 4, 4]},
        ["y"],
        {"w": np.round(weights(64, 16, 3, 3), 1)},
    )
    path = tmp_path / "model.onnx"
    onnx.save(graph, path)
    found = sizes(path)
    content = path.read_bytes()
    assert 64 * 16 * 9 * 4 < found.file == len(content) < 64 * 16 * 9 * 4 + 500
    assert found.download == len(zstandard.ZstdCompressor(level=19).compress(content))
    # Ten values: at most log2(10) bits for each of 9,216 weights.
    assert 0.9 * np.log2(10) * 9216 / 8 < found.entropy_bound <= np.log2(10) * 9216 / 8
    assert found.entropy_bound < found.download < found.file


@pytest.mark.parametrize(("limit", "level"), [(1e6, 19), (1000, 12)])
def test_the_level_of_large_files_is_lower_and_named(
    limit: float, level: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "THOROUGH_BYTES", limit)
    path = tmp_path / "model.onnx"
    values = np.round(weights(8, 16, 3, 3), 1)
    onnx.save(model([node("Conv", ["x", "w"], ["y"])], {"x": [1, 16, 4, 4]}, ["y"], {"w": values}), path)
    found = sizes(path)
    by_level = {
        each: len(zstandard.ZstdCompressor(level=each).compress(path.read_bytes())) for each in (12, 19)
    }
    assert by_level[12] != by_level[19]
    assert (found.zstd_level, found.download) == (level, by_level[level])


def test_a_large_tensor_is_counted_as_a_sort_would_count_it() -> None:
    """More bytes than are counted at once, and more different values than a list pays for."""
    values = np.random.default_rng(0).normal(size=1_100_000).astype(np.float32)
    symbols = [np.unique(place, return_counts=True)[1] for place in values.view(np.uint8).reshape(-1, 4).T]
    bits = sum(float((found * np.log2(values.size / found)).sum()) for found in symbols)
    assert wide_bits(values) == bits
    codes = np.random.default_rng(1).integers(0, 7, 5_000_000).astype(np.uint8)
    found = np.unique(codes, return_counts=True)[1]
    assert entropy_bits(codes) == float((found * np.log2(codes.size / found)).sum())


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        sizes(path)


def test_known_sizes_of_a_real_file() -> None:
    path = MODELS / "yolox_nano.onnx"
    if not path.is_file():
        pytest.skip("needs the real models in ../shared/data/models, beside the repository")
    found = sizes(path)
    assert (found.file, found.download) == (3_659_407, 3_386_630)
