"""Pruning: which weights can go, how many, and what shrinks by it."""

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.predictions import Question, Source
from edgeslim.lessons.pruning.orders import Orders
from edgeslim.lessons.pruning.shares import Shares, Slider
from edgeslim.lessons.pruning.units import Retraining, Units

LESSONS.add(
    Lesson(
        name="pruning",
        live=Slider,
        experiments=(Orders, Shares, Units, Retraining),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="b"),
            Question(name="q2", options=("a", "b", "c"), right="c"),
            Question(name="q3", options=("a", "b", "c"), right="a"),
        ),
        sources=(
            Source(
                title="Han et al. 2015, Learning both Weights and Connections for Efficient Neural Networks",
                url="https://arxiv.org/abs/1506.02626",
            ),
            Source(
                title="Li et al. 2017, Pruning Filters for Efficient ConvNets",
                url="https://arxiv.org/abs/1608.08710",
            ),
            Source(
                title="Gale, Elsen & Hooker 2019, The State of Sparsity in Deep Neural Networks",
                url="https://arxiv.org/abs/1902.09574",
            ),
        ),
    )
)
