"""Another tool's file, among ours."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from edgeslim.errors import RecipeError
from edgeslim.models.base import Model, ModelSpec
from edgeslim.params import param
from edgeslim.steps.base import STEPS, OnnxStep, StepContext


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class OtherFile(OnnxStep):
    """Take a file that another tool has made of this model, to be scored and timed beside ours.

    The file is shipped as it is, whatever earlier steps did. It must take the same input and know the same classes.
    """

    name = "other_file"
    group = "quantization"
    source = "ONNX: QuantizeLinear and DequantizeLinear, or quantized operators (onnxruntime)"
    changes = frozenset({"file", "download", "memory", "latency", "accuracy"})
    shipped_as_made = True

    model: str = param(
        "other.onnx",
        low=1,
        high=500,
        unit="characters",
        help="The file: an .onnx path, or the name of a listed model.",
    )

    @property
    def learns_from(self) -> str:
        return self.model

    def check(self, spec: ModelSpec, teacher: Model | None) -> None:
        """Raises RecipeError (other_file_differs)."""
        assert teacher is not None, "it names one"
        other = teacher.spec
        pairs = {
            "task": (spec.task, other.task),
            "input": (_size(spec), _size(other)),
            "classes": (str(len(spec.labels)), str(len(other.labels))),
        }
        for what, (own, its) in pairs.items():
            if own != its and not (what == "classes" and not other.labels):
                raise RecipeError(
                    "other_file_differs", name=teacher.name, what=what, own=own, other=its, step=self.name
                )

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """The file's network; `context.info` receives its name and SHA-256."""
        self.check(context.spec, context.teacher)
        assert context.teacher is not None, "checked"
        context.info.update(name=context.teacher.name, sha256=context.teacher.sha256)
        return onnx.load(context.teacher.path)


def _size(spec: ModelSpec) -> str:
    return "×".join(map(str, spec.input_shape))
