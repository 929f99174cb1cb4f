"""Why shrink: room is weights and activations; bytes can go long before accuracy does."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Outcome
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.lessons.why_shrink.budget import ROOMS, WithinBudget
from edgeslim.lessons.why_shrink.room import FILES, Room
from edgeslim.lessons.why_shrink.traffic import QUALITIES, Sent, Traffic


def kept(setting, tmp_path) -> Outcome:
    found = outcome("why_shrink", setting, Store(tmp_path))
    assert found is not None
    return found


def test_the_smallest_file_does_not_fit_a_microcontroller_and_one_twelve_times_larger_does(tmp_path) -> None:
    found = Room().run(Lab(Store(tmp_path)))
    assert found.answer == "int8" and found.facts["fitting"].value == 1
    assert found.facts["int8_flash"].value > 10 * found.facts["ternary_flash"].value
    assert found.facts["ternary_memory"].value > found.facts["memory"].value
    assert found.facts["ternary_memory"].value == found.facts["float32_memory"].value
    assert Room(counted="file").run(Lab(Store(tmp_path))).facts["fitting"].value == len(FILES)


def test_where_weights_are_read_into_memory_they_count_there_too(tmp_path) -> None:
    phone = kept(Room(device="phone"), tmp_path).facts
    board = kept(Room(), tmp_path).facts
    for name in FILES:
        both = board[f"{name}_memory"].value + board[f"{name}_flash"].value
        assert phone[f"{name}_memory"].value == pytest.approx(both, rel=1e-5)


@pytest.mark.parametrize("counted", ["file", "download"])
def test_more_room_is_never_worse_and_no_pick_exceeds_it(counted, tmp_path) -> None:
    facts = [kept(WithinBudget(room=room, counted=counted), tmp_path).facts for room in ROOMS]
    assert all(each["bytes"].value <= each["room"].value for each in facts)
    quality = [each["quality"].value for each in facts]
    assert quality == sorted(quality) and quality[-1] - quality[0] > 0.3


def test_three_quarters_of_the_bytes_can_go_unnoticed_and_98_percent_can_not(tmp_path) -> None:
    quarter = kept(WithinBudget(room=400_000), tmp_path).facts
    assert quarter["smaller"].value < 0.3
    assert quarter["change"].low < 0 < quarter["change"].high
    least = kept(WithinBudget(room=25_000), tmp_path).facts
    assert least["smaller"].value < 0.02 and least["change"].high < -0.5


def test_a_model_costs_fewer_bytes_than_a_hundred_pictures(tmp_path) -> None:
    found = kept(Traffic(), tmp_path).facts
    assert found["pictures"].value == pytest.approx(
        found["download"].value / found["picture"].value, rel=1e-4
    )
    assert 10 < found["pictures"].low < found["pictures"].value < found["pictures"].high < 100
    assert kept(Traffic(file="mixed_bits"), tmp_path).facts["pictures"].high < found["pictures"].low


def test_stronger_jpeg_saves_bytes_and_the_cloud_sees_worse(tmp_path) -> None:
    facts = [kept(Traffic(quality=quality), tmp_path).facts for quality in QUALITIES]
    sizes = [each["picture"].value for each in facts]
    assert sizes == sorted(sizes)
    assert facts[0]["cloud_quality"].value < facts[-1]["cloud_quality"].value - 0.02


def test_a_sent_picture_is_the_one_that_its_bytes_hold() -> None:
    class Grey:
        fingerprint = "grey"

        def __len__(self) -> int:
            return 1

        def image(self, index: int) -> np.ndarray:
            return np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)

        def target(self, index: int) -> int:
            return 0

        def image_id(self, index: int) -> str:
            return "grey"

    fine, coarse = Sent(Grey(), 95), Sent(Grey(), 30)
    assert len(fine.content(0)) > len(coarse.content(0)) and fine.fingerprint != coarse.fingerprint
    errors = [np.abs(sent.image(0).astype(int) - Grey().image(0)).mean() for sent in (fine, coarse)]
    assert 0 < errors[0] < errors[1]
