"""Networks in a nutshell: three kinds, their activation functions, their losses."""

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.networks.activations import Activations
from edgeslim.lessons.networks.kinds import Kinds
from edgeslim.lessons.networks.live import Functions
from edgeslim.lessons.networks.losses import Losses
from edgeslim.lessons.networks.sparsity import Sparsity
from edgeslim.lessons.predictions import Question, Source

LESSONS.add(
    Lesson(
        name="networks",
        live=Functions,
        experiments=(Kinds, Activations, Sparsity, Losses),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="c"),
            Question(name="q2", options=("a", "b", "c"), right="a"),
            Question(name="q3", options=("a", "b", "c"), right="b"),
        ),
        sources=(
            Source(
                title="Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
                url="https://proceedings.mlr.press/v9/glorot10a.html",
            ),
            Source(
                title="Lin et al. 2017, Focal Loss for Dense Object Detection",
                url="https://arxiv.org/abs/1708.02002",
            ),
            Source(
                title="Mukhoti et al. 2020, Calibrating Deep Neural Networks using Focal Loss",
                url="https://arxiv.org/abs/2002.09437",
            ),
            Source(
                title="Howard et al. 2019, Searching for MobileNetV3",
                url="https://arxiv.org/abs/1905.02244",
            ),
        ),
    )
)
