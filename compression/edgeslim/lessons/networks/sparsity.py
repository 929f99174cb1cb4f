"""Activation sparsity: how much of what layers hand on is exactly zero, in trained networks on real images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import measured_on
from edgeslim.lessons.predictions import Door, Number
from edgeslim.lessons.views import Axis, Bars, Series
from edgeslim.params import param

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from edgeslim.lessons.lab import Lab

MODELS = ("street-signs-small", "street-signs-medium", "digits-cnn", "digits-mlp")
IMAGES = 32
CODED = 2
"""Images whose activations are given to a coder, which takes seconds for each."""
ZEROS = Axis(name="zeros", unit="share")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sparsity(Experiment):
    """The outputs of every ReLU, over images."""

    name = "sparsity"
    uses = MODELS
    predicts = Number(of="zeros", unit=ZEROS, low=0, high=1, step=0.01, near=0.05)

    model: str = param("street-signs-small", choices=MODELS)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.metrics.bootstrap import resampled_mean
        from edgeslim.metrics.size import download_bytes

        layers = activations(lab, self.model, inputs=False)
        shares = {name: (each == 0).reshape(len(each), -1).mean(axis=1) for name, each in layers.items()}
        sizes = np.array([each[0].size for each in layers.values()])
        each_image = (np.stack(list(shares.values())) * sizes[:, None]).sum(axis=0) / sizes.sum()
        whole = resampled_mean(each_image)
        low, high = whole.ci95 or (None, None)
        raw = b"".join(each[:CODED].astype("<f4").tobytes() for each in layers.values())
        return Outcome(
            facts={
                "zeros": Fact(value=whole.value, unit="share", low=low, high=high),
                "least": Fact(value=min(float(each.mean()) for each in shares.values()), unit="share"),
                "most": Fact(value=max(float(each.mean()) for each in shares.values()), unit="share"),
                "layers": Fact(value=len(layers), unit="count"),
                "raw": Fact(value=len(raw) / CODED, unit="bytes"),
                "coded": Fact(value=download_bytes(raw) / CODED, unit="bytes"),
            },
            views=(
                Bars(
                    y=ZEROS,
                    groups=tuple(layers),
                    series=(Series(name="zeros", y=tuple(float(each.mean()) for each in shares.values())),),
                ),
            ),
            on=measured_on(lab.workload(self.model, IMAGES)),
        )

    def door(self) -> Door:
        return in_lab(self.model)


def activations(lab: Lab, model: str, inputs: bool) -> dict[str, NDArray[Any]]:
    """Of every ReLU what goes in (`inputs`) or comes out, by layer: (N, …) over the first images."""
    import numpy as np
    import onnx

    from edgeslim.ort import open_session
    from edgeslim.tasks import task_for

    workload, artifact = lab.workload(model, IMAGES), lab.make(model)
    graph = onnx.load(lab.store.path(artifact.sha256))
    wanted = {node.input[0] if inputs else node.output[0]: name for node, name in relus(graph)}
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    # Optimizations would merge convolution and ReLU, and what is between would be gone.
    session = open_session(graph, optimized=not inputs)
    task, split = task_for(workload.model.spec), workload.evaluation
    image = session.inputs[0]
    rows = []
    for index in range(len(split)):
        tensor = task.prepare(split.image(index), workload.model.spec).tensor
        rows.append(session.values({image.name: tensor.astype(image.dtype)}, list(wanted)))
    return {name: np.concatenate([row[place] for row in rows]) for place, name in enumerate(wanted.values())}


def relus(model: onnx.ModelProto) -> list[tuple[onnx.NodeProto, str]]:
    """Every ReLU with the name of the layer before it, without what all names share."""
    makers = {output: node for node in model.graph.node for output in node.output}
    found = []
    for number, node in enumerate(each for each in model.graph.node if each.op_type == "Relu"):
        maker = makers.get(node.input[0])
        weight = next((name for name in (maker.input[1:2] if maker is not None else ())), "")
        found.append((node, weight.removesuffix(".weight").removesuffix(".0") or f"relu {number + 1}"))
    return found
