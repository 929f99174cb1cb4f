"""Choosing a framework: what each gives, what files come out, whether they say the same, how fast they are."""

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.frameworks.answers import Answers
from edgeslim.lessons.frameworks.sizes import Files
from edgeslim.lessons.frameworks.speed import Speed
from edgeslim.lessons.predictions import Question, Source

LESSONS.add(
    Lesson(
        name="frameworks",
        experiments=(Files, Answers, Speed),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="b"),
            Question(name="q2", options=("a", "b", "c"), right="a"),
            Question(name="q3", options=("a", "b", "c"), right="c"),
        ),
        sources=(
            Source(title="ONNX: concepts", url="https://onnx.ai/onnx/intro/concepts.html"),
            Source(
                title="ONNX Runtime: graph optimizations",
                url="https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html",
            ),
            Source(
                title="PyTorch: saving and loading models",
                url="https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html",
            ),
            Source(title="safetensors", url="https://huggingface.co/docs/safetensors"),
            Source(title="LiteRT, formerly TensorFlow Lite", url="https://ai.google.dev/edge/litert"),
            Source(title="Keras 3", url="https://keras.io/keras_3/"),
        ),
    )
)
