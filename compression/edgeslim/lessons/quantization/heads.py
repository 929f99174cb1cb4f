"""The sample detector with one output in which boxes and scores lie together, as many published detectors have it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgeslim.lessons.quantization.bits import DETECTOR, IMAGES

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.models.base import ModelSpec
    from edgeslim.steps import Step

CORNERS_TO_CENTRE = np.array([[-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5], [1, 0, 1, 0], [0, 1, 0, 1]], np.float32)
"""Distances (left, top, right, bottom) of a point to centre (relative to the point) and size."""


@dataclass
class OneOutput:
    """Builds the network [1, 4 + classes, places], whose boxes are in pixels of a picture `width` wide.

    Outside the network, as an application would, boxes are brought back to the pixels of the input.
    """

    lab: Lab
    width: int
    spec: ModelSpec = field(init=False)

    def __post_init__(self) -> None:
        self.spec = dataclasses.replace(self.lab.workload(DETECTOR).model.spec, family="yolov8")

    @property
    def factor(self) -> float:
        return self.width / self.spec.input_width

    def float_file(self) -> str:
        """SHA-256 of the float network."""
        return self._stored(self._finished(self._network(apart=False)))

    def quantized(self, treatment: str) -> str:
        """SHA-256 of the int8 file: 'shared', 'own' (each output has a scale), 'float_output' or 'robust'."""
        from edgeslim import pipeline
        from edgeslim.models.base import Model
        from edgeslim.recipe import Recipe

        network = self._network(apart=treatment == "own")
        sha256, data = self._stored(network), self.lab.workload(DETECTOR).data
        path = self.lab.store.path(sha256)
        model = Model(f"{DETECTOR}, one output", path, sha256, self.spec, "sample")
        recipe = Recipe((_step(treatment),))
        made = pipeline.run(recipe, model, data, self.lab.store, 2, self.lab.progress)
        return self._stored(self._finished(onnx.load(self.lab.store.path(made.sha256))))

    def steps(self, sha256: str) -> tuple[float, float]:
        """The quantization steps of boxes and of scores at the output, 0 where they are float."""
        graph = onnx.load(self.lab.store.path(sha256)).graph
        stored = {item.name: item for item in graph.initializer}
        made = {name: node for node in graph.node for name in node.output}

        def step(name: str) -> float:
            node = made.get(name)
            if node is None or node.op_type != "DequantizeLinear":
                return 0.0
            return float(numpy_helper.to_array(stored[node.input[1]]))

        joined = made["output"].input[0]
        sources = made[joined].input if joined == "joined" else (joined, joined)
        boxes, scores = (step(name) for name in sources)
        return boxes, scores

    def best_score(self, sha256: str) -> float:
        """The highest score on the evaluation images."""
        from edgeslim.predictions import predict

        data = self.lab.workload(DETECTOR, IMAGES).evaluation
        path = self.lab.store.path(sha256)
        found = predict(path, self.spec, data, self.lab.store, threads=2)
        return max(float(one.scores.max(initial=0.0)) for one in found)  # type: ignore[union-attr]

    def _network(self, *, apart: bool) -> onnx.ModelProto:
        """The detector's deployable form, decoded in the graph; `apart`: boxes and scores as two outputs."""
        from edgeslim.models.families.geometry import grid, size_of

        model = onnx.load(self.lab.store.path(self.lab.make(DETECTOR).sha256))
        graph, classes = model.graph, len(self.spec.labels)
        points, strides = grid(size_of(self.spec), self.spec.strides, 0.5)
        centres = np.concatenate([points.T * self.factor, np.zeros((2, len(points)))])[None]
        constants: dict[str, Any] = {
            "box_rows": np.array([1, 4, -1], np.int64),
            "class_rows": np.array([1, classes, -1], np.int64),
            "strides": (strides * self.factor).reshape(1, 1, -1).astype(np.float32),
            "to_centre": CORNERS_TO_CENTRE,
            "centres": centres.astype(np.float32),
        }
        graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
        for stride in self.spec.strides:
            _add(graph, "Reshape", [f"boxes_{stride}", "box_rows"], f"flat_boxes_{stride}")
            _add(graph, "Reshape", [f"classes_{stride}", "class_rows"], f"flat_classes_{stride}")
        _add(graph, "Concat", [f"flat_boxes_{stride}" for stride in self.spec.strides], "raw", axis=2)
        _add(graph, "Concat", [f"flat_classes_{stride}" for stride in self.spec.strides], "logits", axis=2)
        _add(graph, "Exp", ["raw"], "grown")
        _add(graph, "Mul", ["grown", "strides"], "distances")
        _add(graph, "MatMul", ["to_centre", "distances"], "around")
        _add(graph, "Add", ["around", "centres"], "boxes")
        _add(graph, "Sigmoid", ["logits"], "scores")
        if not apart:
            _add(graph, "Concat", ["boxes", "scores"], "both", axis=1)
        del graph.output[:]
        widths = {"boxes": 4, "scores": classes} if apart else {"both": 4 + classes}
        graph.output.extend(
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, rows, len(points)])
            for name, rows in widths.items()
        )
        return model

    def _finished(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """With boxes in the input's pixels, computed in float after the network."""
        graph, classes = model.graph, len(self.spec.labels)
        outputs = [item.name for item in graph.output]
        scale = np.array([1 / self.factor] * 4 + [1.0] * classes, np.float32).reshape(1, -1, 1)
        graph.initializer.append(numpy_helper.from_array(scale, "to_input"))
        places = graph.output[0].type.tensor_type.shape.dim[2].dim_value
        if len(outputs) == 2:
            _add(graph, "Concat", outputs, "joined", axis=1)
        _add(graph, "Mul", ["joined" if len(outputs) == 2 else outputs[0], "to_input"], "output")
        del graph.output[:]
        shape = [1, 4 + classes, places]
        graph.output.append(helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, shape))
        return model

    def _stored(self, model: onnx.ModelProto) -> str:
        from edgeslim.export.onnx import to_bytes

        onnx.checker.check_model(model)
        return self.lab.store.put(to_bytes(model))


def _step(treatment: str) -> Step:
    from edgeslim.steps.quantization.robust_int8 import RobustInt8
    from edgeslim.steps.quantization.static_int8 import StaticInt8

    if treatment == "robust":
        return RobustInt8()
    return StaticInt8(keep_float="outputs" if treatment == "float_output" else "none")


def _add(graph: onnx.GraphProto, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
    graph.node.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
