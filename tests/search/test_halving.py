"""Who goes on: ranks, ladders, and when the first may."""

from __future__ import annotations

from edgeslim.search.halving import FULL, Ladder, Standing, ranked, rungs


def standings(**points: tuple[float, ...]) -> dict[str, Standing]:
    return {name: Standing(point) for name, point in points.items()}


def test_front_by_front_and_within_one_who_adds_most():
    found = ranked(standings(a=(1.0, 3.0), b=(2.9, 1.1), c=(3.0, 1.0), d=(0.9, 2.9), e=(0.5, 0.5)))
    assert found[0] == "a"
    assert set(found[:3]) == {"a", "b", "c"}
    assert found[3:] == ["d", "e"]


def test_equal_points_share_their_rank():
    found = ranked(standings(a=(1.0, 1.0), b=(1.0, 1.0), c=(0.5, 0.5)))
    assert set(found[:2]) == {"a", "b"}


def test_those_inside_the_limits_go_before_those_outside_and_these_by_how_near_they_are():
    made = {
        "far": Standing((9.0, 9.0), miss=2.0),
        "near": Standing((8.0, 8.0), miss=0.1),
        "poor": Standing((0.1, 0.1)),
    }
    assert ranked(made) == ["poor", "near", "far"]


def test_a_third_goes_on_once_enough_have_been_measured():
    ladder = Ladder(height=2, keep=3, grace=4)
    for index in range(3):
        ladder.record(str(index), 0, Standing((float(index), 1.0)))
    assert ladder.next() == []
    ladder.record("3", 0, Standing((3.0, 1.0)))
    assert ladder.next() == [("3", 0)]
    ladder.passed("3", 0)
    assert ladder.next() == []
    ladder.record("4", 0, Standing((0.5, 5.0)))
    ladder.record("5", 0, Standing((0.1, 0.1)))
    assert ladder.next() == [("4", 0)]


def test_at_the_close_a_few_go_on_even_if_few_came():
    ladder = Ladder(height=2, keep=3, grace=8)
    ladder.record("a", 0, Standing((1.0, 1.0)))
    ladder.record("b", 0, Standing((0.5, 0.5)))
    assert ladder.next() == []
    assert ladder.next(closing=True) == [("a", 0)]


def test_higher_rungs_go_first_and_who_failed_is_out():
    ladder = Ladder(height=3, keep=2, grace=2)
    for name, gain in (("a", 4.0), ("b", 3.0), ("c", 2.0), ("d", 1.0)):
        ladder.record(name, 0, Standing((gain, gain)))
    assert [name for name, _ in ladder.next()] == ["a", "b"]
    for name in ("a", "b"):
        ladder.passed(name, 0)
    ladder.record("a", 1, Standing((4.0, 4.0)))
    ladder.record("b", 1, Standing((5.0, 5.0)))
    ladder.record("e", 0, Standing((9.0, 9.0)))
    ladder.record("f", 0, Standing((8.0, 8.0)))
    assert ladder.next() == [("b", 1), ("e", 0), ("f", 0)]
    ladder.drop("b")
    assert ("b", 1) not in ladder.next()


def test_rungs_shorten_recovery_and_look_at_few_images():
    cheap, full = rungs(recovers=True, images=400)
    assert 0 < cheap.share < 1
    assert cheap.images is not None and cheap.images < 400
    assert full == FULL
    assert rungs(recovers=False, images=400) == (FULL,), "what takes seconds needs no rehearsal"


def test_where_scoring_takes_long_few_images_are_looked_at_first():
    cheap, full = rungs(recovers=False, images=5000)
    assert (cheap.share, full) == (1.0, FULL)
    assert cheap.images is not None and cheap.images < 500


def test_few_images_are_looked_at_whole():
    cheap, full = rungs(recovers=True, images=57)
    assert cheap.images is None
    assert full == FULL


def test_without_several_fidelities_there_is_one_rung():
    assert rungs(recovers=True, images=400, multi_fidelity=False) == (FULL,)
