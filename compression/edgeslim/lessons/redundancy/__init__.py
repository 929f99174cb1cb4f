"""Redundancy and information: how few bits say the same?"""

from __future__ import annotations

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.predictions import Question, Source
from edgeslim.lessons.redundancy.codes import Codes, Files, Picture
from edgeslim.lessons.redundancy.layers import Layers, Trained

LESSONS.add(
    Lesson(
        name="redundancy",
        live=Picture,
        experiments=(Codes, Files, Trained, Layers),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="b"),
            Question(name="q2", options=("a", "b", "c"), right="c"),
            Question(name="q3", options=("a", "b", "c"), right="a"),
        ),
        sources=(
            Source(
                title="Shannon 1948, A Mathematical Theory of Communication",
                url="https://doi.org/10.1002/j.1538-7305.1948.tb01338.x",
            ),
            Source(
                title="Han et al. 2016, Deep Compression (pruning, quantization, Huffman coding)",
                url="https://arxiv.org/abs/1510.00149",
            ),
            Source(
                title="Wiedemann et al. 2020, DeepCABAC: A Universal Compression Algorithm for Deep Neural Networks",
                url="https://arxiv.org/abs/1907.11900",
            ),
        ),
    )
)
