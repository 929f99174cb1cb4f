"""Which channels go: ranked, capped, weighed by what they save, along measured curves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from edgeslim.steps.pruning.channel_choice import by_curves, ranked, uniform
from edgeslim.steps.pruning.channel_groups import ChannelGroup


def setting(*scores: list[float], parts: int = 1) -> tuple[list[ChannelGroup], list[Tensor]]:
    groups = [ChannelGroup(nn.Identity(), len(score), parts, (), (), None) for score in scores]
    return groups, [torch.tensor(score) for score in scores]


def test_ranking_goes_over_all_layers_but_respects_the_cap() -> None:
    groups, scores = setting([0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 0.35, 4.0])
    assert ranked(groups, scores, [1.0, 1.0], 0.9, 1)(0.5) == [[0, 1, 2], [2]]
    assert ranked(groups, scores, [1.0, 1.0], 0.5, 1)(0.5) == [[0, 1], [2, 0]]
    assert uniform(groups, scores, 1)(0.5) == [[0, 1], [2, 0]]


def test_no_layer_is_emptied() -> None:
    groups, scores = setting([0.1, 0.2], [9.0] * 30)
    assert ranked(groups, scores, [1.0, 1.0], 0.95, 1)(0.9)[0] == [0]


def test_part_counts_what_channels_cost() -> None:
    groups, scores = setting([0.1, 0.2, 0.3, 0.4], [0.15, 2.0])
    choose = ranked(groups, scores, [1.0, 10.0], 0.9, 1)
    assert choose(0.4) == [[0], []]
    assert choose(0.5) == [[0, 1], [0]]


@pytest.mark.parametrize(("round_to", "left"), [(1, 5), (2, 6), (4, 8), (16, 10)])
def test_widths_left_are_multiples(round_to: int, left: int) -> None:
    groups, scores = setting([float(place) for place in range(10)])
    (gone,) = uniform(groups, scores, round_to)(0.5)
    assert gone == list(range(10 - left))


def test_rounding_counts_the_channels_of_all_parts() -> None:
    groups, scores = setting([float(place) for place in range(8)], parts=4)
    assert len(uniform(groups, scores, 4)(0.3)[0]) == 2
    assert len(uniform(groups, scores, 8)(0.3)[0]) == 2
    assert len(uniform(groups, scores, 16)(0.3)[0]) == 0


def test_curves_are_followed_where_an_error_buys_most() -> None:
    groups, scores = setting([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1])
    curves = [[(0, 0.0), (1, 1.0), (3, 9.0)], [(0, 0.0), (2, 0.5), (3, 5.0)]]
    choose = by_curves(groups, scores, [1.0, 1.0], curves, 1)
    assert choose(0.25) == [[], [3, 2]]
    assert choose(0.375) == [[0], [3, 2]]
    assert choose(0.625) == [[0, 1, 2], [3, 2]]
    dear = by_curves(groups, scores, [1.0, 100.0], curves, 1)
    assert dear(0.5) == [[], [3, 2]]


def test_a_bump_in_a_curve_is_leapt_over() -> None:
    """The lower hull: three places for an error of 1 are better value than one for an error of 2."""
    groups, scores = setting([0.1, 0.2, 0.3, 0.4])
    choose = by_curves(groups, scores, [1.0], [[(0, 0.0), (1, 2.0), (3, 1.0)]], 1)
    assert choose(0.75) == [[0, 1, 2]]
