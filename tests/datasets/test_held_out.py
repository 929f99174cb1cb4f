"""Images kept from choosing: which, how many, and that neither part ever sees the other."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.datasets.base import Split, Subset
from edgeslim.datasets.held_out import check_share, choosing_part, hold_out
from edgeslim.errors import DatasetError


class Numbered:
    """A split of images that hold nothing but their number."""

    def __init__(self, count: int, first: int = 0) -> None:
        self._numbers = range(first, first + count)
        self.fingerprint = f"{first}+{count}"

    def __len__(self) -> int:
        return len(self._numbers)

    def image(self, index: int) -> np.ndarray:
        return np.full((1, 1, 3), self._numbers[index] % 256, np.uint8)

    def target(self, index: int) -> int:
        return self._numbers[index]

    def image_id(self, index: int) -> str:
        return f"{self._numbers[index]:05}"


def ids(split: Split) -> list[str]:
    return [split.image_id(index) for index in range(len(split))]


def test_every_image_is_in_exactly_one_part_in_its_order() -> None:
    whole = Numbered(400)
    choosing, held_out = hold_out(whole, 0.25)
    assert sorted(ids(choosing) + ids(held_out)) == ids(whole)
    assert ids(choosing) == sorted(ids(choosing))
    assert 80 <= len(held_out) <= 120, "a quarter of 400, more or less"
    for part in (choosing, held_out):
        assert [part.target(i) for i in range(len(part))] == [int(one) for one in ids(part)]
        assert part.image(0)[0, 0, 0] == int(part.image_id(0)) % 256


def test_parts_are_the_same_again_and_others_by_another_seed() -> None:
    first, again, other = (hold_out(Numbered(400), 0.25, seed)[1] for seed in (0, 0, 1))
    assert ids(first) == ids(again)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    shared = set(ids(first)) & set(ids(other))
    assert len(shared) < 50, "independent draws share a sixteenth"


def test_an_image_held_out_stays_so_in_a_larger_set_a_smaller_one_and_at_a_larger_share() -> None:
    held_out = set(ids(hold_out(Numbered(400), 0.25)[1]))
    more = set(ids(hold_out(Numbered(600), 0.25)[1]))
    assert more & set(ids(Numbered(400))) == held_out
    fewer = set(ids(hold_out(Subset(Numbered(400), 100), 0.25)[1]))
    assert fewer == held_out & set(ids(Numbered(100)))
    assert held_out < set(ids(hold_out(Numbered(400), 0.5)[1]))


def test_parts_have_fingerprints_of_their_own() -> None:
    whole = Numbered(200)
    prints = {whole.fingerprint, *(part.fingerprint for s in (0.25, 0.5) for part in hold_out(whole, s))}
    assert len(prints) == 5


def test_without_being_asked_a_quarter_is_held_out_of_enough_images() -> None:
    choosing, held_out, notices = choosing_part(Numbered(400), None)
    assert held_out is not None
    assert (len(choosing) + len(held_out), notices) == (400, [])


def test_few_images_are_not_split_unless_asked() -> None:
    whole = Numbered(57)
    choosing, held_out, notices = choosing_part(whole, None)
    assert (choosing, held_out) == (whole, None)
    assert [(one.code, one.values) for one in notices] == [("held_out_too_few", {"count": 57})]
    choosing, held_out, notices = choosing_part(whole, 0.3)
    assert held_out is not None and len(choosing) + len(held_out) == 57
    assert [(one.code, one.values) for one in notices] == [("held_out_small", {"count": len(held_out)})]


def test_nothing_is_held_out_if_that_is_asked() -> None:
    whole = Numbered(400)
    assert choosing_part(whole, 0.0) == (whole, None, [])


def test_a_part_without_images_is_refused() -> None:
    with pytest.raises(DatasetError) as refused:
        choosing_part(Numbered(1), 0.5)
    assert (refused.value.code, refused.value.values["images"]) == ("held_out_empty", 1)


@pytest.mark.parametrize("share", [-0.1, 0.95, 1.0, float("nan")])
def test_a_share_that_leaves_nothing_to_choose_by_is_refused(share: float) -> None:
    with pytest.raises(DatasetError, match=r"from 0 to 0\.9") as refused:
        check_share(share)
    assert refused.value.code == "held_out_share"
