"""The weights of files that are packed or quantized, as the network computes with them."""

from dataclasses import replace

import numpy as np
from published_networks import model, network

from edgeslim.analysis.layer_weights import look, noise, of_rows, rows_of
from edgeslim.analysis.xray import weight_xray
from edgeslim.records import decoded, encoded
from edgeslim.steps.onnx_layers.layers import array_of, weight_layers


def test_weights_of_a_file_measure_what_the_xray_measures() -> None:
    found, layers = look(model()), weight_layers(model())
    own = network()
    for layer in layers:
        place = own.place(layer.name.removesuffix(".weight"))
        assert place is not None
        mine, theirs = found.layers[place], weight_xray(layer, array_of(model(), layer.name), 8)
        assert mine.entropy == theirs.entropy and mine.zeros == theirs.zeros
        assert mine.histogram == theirs.histogram
        assert mine.effective_rank == theirs.spectrum.effective_rank
    assert decoded(type(found), encoded(found)) == found


def test_weights_of_a_packed_file_are_those_it_computes_with() -> None:
    steps = ("channel_pruning", "fine_tuning", "low_bit_weights")
    found = look(model(*steps))
    assert len(found.layers) == 29
    values = of_rows(np.array([[-1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 2.0]], np.float32))
    assert (values.zeros, values.low, values.high) == (0.5, (-1.0, 0.0), (1.0, 2.0))
    ternary = [layer for layer in found.layers.values() if layer.zeros > 0.2]
    assert len(ternary) > 20  # three values a channel, of which zero is one


def test_noise_of_weights_is_that_of_their_rounding_and_none_where_nothing_changed() -> None:
    half, static = noise(model(), model("float16")), noise(model(), model("static_int8"))
    assert (
        len(half.decibels) >= 25 and min(half.decibels.values()) > 70
    )  # the others fit into 16 bits exactly
    changed = [k for k in network("static_int8").layers if network("static_int8").nodes[k].stored == "int8"]
    assert sorted(static.decibels) == sorted(changed)
    assert (
        35 < np.median(list(static.decibels.values())) < 48
    )  # 7 bits and a sign, of a range of several deviations
    assert noise(model(), model()).decibels == {}
    narrowed = noise(model(), model("channel_pruning", "fine_tuning", "low_bit_weights"))
    assert set(narrowed.decibels) <= {0}  # other shapes are not compared


def test_rows_of_a_transposed_convolution_are_its_output_channels() -> None:
    node = replace(network().nodes[0], op="ConvTranspose", groups=2, outputs_first=False)
    weight = np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2)
    rows = rows_of(node, weight)
    assert rows.shape == (6, 8)
    np.testing.assert_array_equal(rows[1], weight[:2, 1].reshape(-1))
    np.testing.assert_array_equal(rows[3], weight[2:, 0].reshape(-1))
