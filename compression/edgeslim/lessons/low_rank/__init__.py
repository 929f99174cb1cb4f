"""Low rank: a layer as the product of two smaller ones."""

from __future__ import annotations

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.low_rank.detector import Accuracy, Speed
from edgeslim.lessons.low_rank.matrices import Picture, Rank
from edgeslim.lessons.predictions import Question, Source

LESSONS.add(
    Lesson(
        name="low_rank",
        live=Picture,
        experiments=(Rank, Accuracy, Speed),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="a"),
            Question(name="q2", options=("a", "b", "c"), right="c"),
            Question(name="q3", options=("a", "b", "c"), right="b"),
        ),
        sources=(
            Source(
                title="Eckart & Young 1936, The Approximation of One Matrix by Another of Lower Rank",
                url="https://doi.org/10.1007/BF02288367",
            ),
            Source(
                title="Denton et al. 2014, Exploiting Linear Structure Within Convolutional Networks",
                url="https://arxiv.org/abs/1404.0736",
            ),
            Source(
                title="Kim et al. 2016, Compression of Deep Convolutional Neural Networks for Mobile Applications",
                url="https://arxiv.org/abs/1511.06530",
            ),
            Source(
                title="Zhang et al. 2015, Accelerating Very Deep Convolutional Networks",
                url="https://arxiv.org/abs/1505.06798",
            ),
        ),
    )
)
