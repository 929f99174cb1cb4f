"""Why shrink: what a device holds, and what is lost on the way into it."""

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.predictions import Question, Source
from edgeslim.lessons.why_shrink.budget import WithinBudget
from edgeslim.lessons.why_shrink.room import Room
from edgeslim.lessons.why_shrink.traffic import Traffic

LESSONS.add(
    Lesson(
        name="why_shrink",
        experiments=(Room, WithinBudget, Traffic),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="b"),
            Question(name="q2", options=("a", "b", "c"), right="c"),
            Question(name="q3", options=("a", "b", "c"), right="a"),
        ),
        sources=(
            Source(
                title="Lin et al. 2020, MCUNet: Tiny Deep Learning on IoT Devices",
                url="https://arxiv.org/abs/2007.10319",
            ),
            Source(
                title="Han et al. 2015, Deep Compression",
                url="https://arxiv.org/abs/1510.00149",
            ),
            Source(
                title="Chowdhery et al. 2019, Visual Wake Words Dataset",
                url="https://arxiv.org/abs/1906.05721",
            ),
        ),
    )
)
