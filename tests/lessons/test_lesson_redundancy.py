"""The claims of the lesson on redundancy, on what was measured and ships."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Experiment, Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.live import Entropy
from edgeslim.lessons.redundancy.arithmetic import decode, encode
from edgeslim.lessons.redundancy.codes import Codes, Files, Picture, codes_of
from edgeslim.lessons.redundancy.layers import Layers, Trained
from edgeslim.metrics.size import entropy_bits

WITHIN = 0.02


@pytest.fixture
def kept(tmp_path):
    def found(setting: Experiment) -> Outcome:
        result = outcome("redundancy", setting, Store(tmp_path))
        assert result is not None
        return result

    return found


def test_what_the_coder_wrote_decodes_to_the_same_codes_within_two_percent_of_the_bound() -> None:
    weights = np.random.default_rng(0).laplace(size=20_000).astype(np.float32)
    for bits in (1, 2, 5, 8):
        codes = codes_of([weights], bits)
        content = encode(codes, bits)
        np.testing.assert_array_equal(decode(content, codes.size, bits), codes)
        assert len(content) * 8 < entropy_bits(codes) * (1 + WITHIN)


@pytest.mark.parametrize("codes", [[], [255] * 5000, [0, 255] * 500, list(range(256))])
def test_the_coder_survives_extreme_codes(codes: list[int]) -> None:
    given = np.array(codes, np.uint8)
    np.testing.assert_array_equal(decode(encode(given, 8), given.size, 8), given)


def test_a_real_coder_is_within_two_percent_of_the_bound_at_every_width(kept) -> None:
    for setting in Codes.grid():
        facts = kept(setting).facts
        assert facts["bound"].value <= facts["arithmetic"].value <= facts["bound"].value * (1 + WITHIN)
        assert facts["needed"].value < setting.bits


def test_a_recomputed_setting_is_the_one_that_ships(kept, tmp_path) -> None:
    setting = Codes(model="digits-cnn", bits=2)
    facts = setting.run(Lab(Store(tmp_path / "lab"))).facts
    assert facts["arithmetic"].value == kept(setting).facts["arithmetic"].value
    assert facts["entropy"].value == pytest.approx(kept(setting).facts["entropy"].value, rel=1e-4)


def test_zip_saves_little_of_floats_and_much_after_a_lossy_step(kept) -> None:
    saved = {file: kept(Files(file=file)).facts["saved"].value for file in ("float32", "float16", "bits4")}
    assert saved["float32"] < 0.12 and saved["float16"] < 0.12
    assert saved["bits4"] > 3 * saved["float32"]
    assert kept(Files(file="pruned90")).facts["saved"].value > 0.8


def test_a_saving_is_told_with_its_price(kept) -> None:
    pruned = kept(Files(file="pruned50")).facts["change"]
    assert pruned.high is not None and pruned.high < -0.3


def test_random_weights_have_the_higher_entropy(kept) -> None:
    for setting in Trained.grid():
        found = kept(setting)
        difference = found.facts["difference"]
        assert found.answer == "random" and difference.low is not None and difference.low > 0
        assert found.facts["coded_random"].value > found.facts["coded_trained"].value


def test_a_lossless_coder_saves_most_where_entropy_is_low(kept) -> None:
    for model in ("street-signs-small", "street-signs-medium"):
        found = kept(Layers(test="code", model=model))
        assert found.answer == "low" and found.facts["correlation"].value > 0.9


def test_entropy_hardly_tells_what_the_task_can_spare(kept) -> None:
    assert kept(Layers()).answer == "neither"
    for setting in Layers.grid():
        correlation = kept(setting).facts["correlation"]
        assert setting.test == "code" or abs(correlation.value) < 0.6
        assert kept(setting).answer != "high", (
            "the reading that high entropy means redundancy finds no support"
        )


def test_the_live_picture_tells_bytes_of_a_real_coder(kept) -> None:
    (picture,) = kept(Picture()).views
    assert isinstance(picture, Entropy)
    for layer, sizes in zip(picture.layers, picture.coded, strict=True):
        for bits, size in zip(picture.bits, sizes, strict=True):
            bound = entropy_bits(codes_of([layer.numbers], bits)) / 8
            learning = 2**bits * np.log2(layer.numbers.size) / 16  # what 2^b adaptive counts cost, in bytes
            assert bound <= size <= bound + learning + 8
