"""Does the network say the same in another framework? Its outputs against PyTorch's, and what is decided by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.frameworks.sizes import MODELS
from edgeslim.lessons.predictions import Choice
from edgeslim.lessons.views import Axis, Bars, Series, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.measurement.workload import Workload
    from edgeslim.sessions import Tensor

IMAGES = 64
NUMBERS = 8
"""Images on which raw outputs are compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers(Experiment):
    """Raw outputs and decisions of every file against those of PyTorch."""

    name = "answers"
    uses = MODELS
    predicts = Choice(options=("identical", "digits", "decisions"))

    model: str = param("street-signs-small", choices=MODELS)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.lessons.frameworks.made import images, opened
        from edgeslim.measurement.machine import busy
        from edgeslim.metrics.fidelity import signal_and_noise, sqnr_db
        from edgeslim.runtime.environment import environment

        workload, tensors = lab.workload(self.model), images(lab, self.model, IMAGES)
        with busy("lesson"):
            outputs = {
                name: [session.run(tensor) for tensor in tensors]
                for name, session in opened(lab, self.model).items()
            }
        reference = outputs.pop("torch")
        noise, same, equal = {}, {}, {}
        for name, found in outputs.items():
            pairs = list(zip(reference[:NUMBERS], found[:NUMBERS], strict=True))
            noise[name] = sqnr_db(np.sum([signal_and_noise(*pair) for pair in pairs], axis=0))[0]
            same[name] = _agreement(workload, reference, found)
            equal[name] = float(
                np.mean(
                    [np.mean(a == b) for before, after in pairs for a, b in zip(before, after, strict=True)]
                )
            )
        ours = outputs["onnx"]
        largest = max(float(np.abs(each).max()) for each in reference[0])
        error = max(float(np.abs(a - b).max()) for a, b in zip(reference[0], ours[0], strict=True))
        return Outcome(
            facts={
                "equal": Fact(value=equal["onnx"], unit="share"),
                "decibels": Fact(value=noise["onnx"]),
                "error": Fact(value=error / largest * 1e6),
                "agreement": same["onnx"],
                "worst": min(same.values(), key=lambda fact: fact.value),
                "worst_decibels": Fact(value=min(noise.values())),
            },
            views=(
                Bars(
                    y=Axis(name="decibels"),
                    groups=tuple(noise),
                    series=(Series(name="decibels", y=tuple(noise.values())),),
                ),
                Table(
                    columns=(
                        Axis(name="equal", unit="share"),
                        Axis(name="decibels"),
                        Axis(name="agreement", unit="share"),
                    ),
                    rows=tuple(noise),
                    values=tuple((equal[name], noise[name], same[name].value) for name in noise),
                ),
            ),
            on=MeasuredOn(
                model=self.model, dataset=workload.dataset, images=IMAGES, machine=environment()["cpu"]
            ),
            answer=_answer(equal["onnx"], same["onnx"].value),
        )


def _answer(equal: float, agreement: float) -> str:
    if agreement < 1:
        return "decisions"
    return "identical" if equal == 1 else "digits"


def _agreement(
    workload: Workload, reference: Sequence[Sequence[Tensor]], outputs: Sequence[Sequence[Tensor]]
) -> Fact:
    """Share of decisions that stay: the same class, or boxes of the same class in the same place."""
    import numpy as np

    from edgeslim.detections import Detections
    from edgeslim.metrics.classification import label_agreement
    from edgeslim.metrics.fidelity import agreement
    from edgeslim.tasks import task_for

    spec, split = workload.model.spec, workload.evaluation
    task = task_for(spec)
    prepared = [task.prepare(split.image(index), spec) for index in range(len(reference))]
    before, after = (
        [task.decode(found, image, spec) for found, image in zip(each, prepared, strict=True)]
        for each in (reference, outputs)
    )
    if isinstance(before[0], Detections):
        seen, seen_now = ([each for each in made if isinstance(each, Detections)] for made in (before, after))
        figures, share = agreement(seen, seen_now)
    else:
        said, said_now = ([each for each in made if isinstance(each, np.ndarray)] for made in (before, after))
        figures, share = label_agreement(said, said_now)
    low, high = share.ci95 or (None, None)
    return Fact(value=figures["agreement"], unit="share", low=low, high=high)
