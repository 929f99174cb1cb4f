"""Overfitting and generalization: when does less capacity help?"""

from __future__ import annotations

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.overfitting.capacity import Capacity, Memory
from edgeslim.lessons.overfitting.pruned import Chosen, Pruned
from edgeslim.lessons.predictions import Question, Source

LESSONS.add(
    Lesson(
        name="overfitting",
        experiments=(Capacity, Memory, Pruned, Chosen),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="c"),
            Question(name="q2", options=("a", "b", "c"), right="b"),
            Question(name="q3", options=("a", "b", "c"), right="a"),
        ),
        sources=(
            Source(
                title="Zhang et al. 2017, Understanding Deep Learning Requires Rethinking Generalization",
                url="https://arxiv.org/abs/1611.03530",
            ),
            Source(
                title="Belkin et al. 2019, Reconciling Modern Machine Learning Practice and the Bias-Variance Trade-Off",
                url="https://arxiv.org/abs/1812.11118",
            ),
            Source(
                title="Jin et al. 2022, Pruning's Effect on Generalization Through the Lens of Training and "
                "Regularization",
                url="https://arxiv.org/abs/2210.13738",
            ),
        ),
    )
)
