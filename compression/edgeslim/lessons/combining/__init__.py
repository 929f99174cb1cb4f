"""Combining: steps build on each other, so their order counts, and so does each of them."""

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.combining.build import Build
from edgeslim.lessons.combining.deep import Ablation, Deep
from edgeslim.lessons.combining.order import Order
from edgeslim.lessons.predictions import Question, Source

LESSONS.add(
    Lesson(
        name="combining",
        experiments=(Order, Deep, Ablation, Build),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="b"),
            Question(name="q2", options=("a", "b", "c"), right="a"),
            Question(name="q3", options=("a", "b", "c"), right="c"),
        ),
        sources=(
            Source(
                title="Han, Mao & Dally 2016, Deep Compression: Compressing Deep Neural Networks with Pruning, "
                "Trained Quantization and Huffman Coding",
                url="https://arxiv.org/abs/1510.00149",
            ),
            Source(
                title="Kuzmin et al. 2023, Pruning vs Quantization: Which is Better?",
                url="https://arxiv.org/abs/2307.02973",
            ),
        ),
    )
)
