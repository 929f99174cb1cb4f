"""What travels: the pictures to the cloud, again and again, or the model to the device, once."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.predictions import Door, Number
from edgeslim.lessons.sample import STUDY, file_of, sample_study, trial_of
from edgeslim.lessons.views import Axis, Lines, Series
from edgeslim.lessons.why_shrink.room import FILES
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.datasets.base import Split
    from edgeslim.detections import Image, Target
    from edgeslim.lessons.lab import Lab

IMAGES = 96
QUALITIES = (30, 50, 75, 90, 95)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic(Experiment):
    """After how many pictures the cloud has cost more bytes than the file that runs on the device."""

    name = "traffic"
    uses = ("street-signs-medium", STUDY)
    predicts = Number(
        of="pictures", unit=Axis(name="pictures", unit="count"), low=1, high=300, step=1, near=5
    )

    file: str = param("int8", choices=tuple(FILES))
    quality: int = param(90, low=1, high=100, search=QUALITIES)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.evaluation import evaluate
        from edgeslim.metrics.bootstrap import resampled_mean

        study, workload = sample_study(), lab.workload("street-signs-medium", IMAGES)
        sent = Sent(workload.evaluation, self.quality)
        size = resampled_mean(np.array([len(sent.content(index)) for index in range(len(sent))], float))
        assert size.ci95 is not None
        smallest, largest = map(float, size.ci95)
        trial = trial_of(FILES[self.file])
        assert trial.sizes is not None
        download = trial.sizes.download

        def seen(title: str, split: Split) -> Fact:
            figures = evaluate(
                file_of(title), workload.model.spec, split, workload.labels, lab.store, threads=2
            )
            assert figures.accuracy is not None
            low, high = figures.accuracy["ci95"]
            return Fact(value=figures.accuracy["mAP"], unit="share", low=low, high=high)

        pictures = download / size.value
        return Outcome(
            facts={
                "pictures": Fact(
                    value=pictures, unit="count", low=download / largest, high=download / smallest
                ),
                "picture": Fact(value=size.value, unit="bytes", low=smallest, high=largest),
                "download": Fact(value=download, unit="bytes"),
                "cloud_quality": seen(FILES["float32"], sent),
                "device_quality": seen(FILES[self.file], workload.evaluation),
            },
            views=(_lines(size.value, download),),
            on=MeasuredOn(model=study.model, dataset=study.dataset, images=IMAGES),
        )

    def door(self) -> Door:
        return Door(page="study", parameters={"trial": trial_of(FILES[self.file]).number})


def _lines(picture: float, download: int) -> Lines:
    """Kilobytes over pictures, to twice the break-even."""
    steps = np.linspace(0, 2 * download / picture, 9).tolist()
    return Lines(
        x=Axis(name="pictures", unit="count"),
        y=Axis(name="kilobytes"),
        series=(
            Series(name="cloud", x=tuple(steps), y=tuple(step * picture / 1000 for step in steps)),
            Series(name="device", x=tuple(steps), y=(download / 1000,) * len(steps)),
        ),
    )


class Sent:
    """A Split as it arrives: every picture through JPEG at one quality."""

    def __init__(self, split: Split, quality: int) -> None:
        self._split, self._quality = split, quality
        self.fingerprint = hashlib.sha256(f"{split.fingerprint} jpeg {quality}".encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._split)

    def content(self, index: int) -> bytes:
        import PIL.Image

        file = io.BytesIO()
        PIL.Image.fromarray(self._split.image(index)).save(file, "JPEG", quality=self._quality)
        return file.getvalue()

    def image(self, index: int) -> Image:
        import PIL.Image

        return np.asarray(PIL.Image.open(io.BytesIO(self.content(index))))

    def target(self, index: int) -> Target:
        return self._split.target(index)

    def image_id(self, index: int) -> str:
        return self._split.image_id(index)
