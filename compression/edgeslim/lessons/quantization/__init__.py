"""Quantization: fewer bits for each number, scales that fit, and training that knows of the rounding."""

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.predictions import Question, Source
from edgeslim.lessons.quantization.bits import Aware, Bits, NumberLine
from edgeslim.lessons.quantization.scales import Calibration, SharedScale

LESSONS.add(
    Lesson(
        name="quantization",
        live=NumberLine,
        experiments=(Bits, SharedScale, Calibration, Aware),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="c"),
            Question(name="q2", options=("a", "b", "c"), right="a"),
            Question(name="q3", options=("a", "b", "c"), right="b"),
        ),
        sources=(
            Source(
                title="Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient "
                "Integer-Arithmetic-Only Inference",
                url="https://arxiv.org/abs/1712.05877",
            ),
            Source(
                title="Nagel et al. 2021, A White Paper on Neural Network Quantization",
                url="https://arxiv.org/abs/2106.08295",
            ),
            Source(
                title="Esser et al. 2020, Learned Step Size Quantization",
                url="https://arxiv.org/abs/1902.08153",
            ),
        ),
    )
)
