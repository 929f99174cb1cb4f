"""How good a detector can be within so many bytes: the best of the sample study's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.predictions import Curve, Door
from edgeslim.lessons.sample import STUDY, sample_study
from edgeslim.lessons.views import Axis, Lines, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.studies.trial import TrialResult

ROOMS = (25_000, 50_000, 100_000, 150_000, 250_000, 400_000, 700_000, 1_200_000)
QUALITY = Axis(name="mAP", unit="share")


@dataclass(frozen=True, kw_only=True, slots=True)
class WithinBudget(Experiment):
    """The most accurate of all files that have room within a limit."""

    name = "budget"
    uses = (STUDY,)
    predicts = Curve(of="quality", along="room", unit=QUALITY, low=0, high=0.8, near=0.1)

    room: int = param(150_000, low=1, high=2_000_000, search=ROOMS, unit="bytes")
    counted: str = param("file", choices=("file", "download"))

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.studies.budget import Budget
        from edgeslim.studies.choice import choose

        study = sample_study()
        choice = choose(study, Budget.of(**{self.counted: float(self.room)}))
        best, original = study.trial(choice.pick), study.original
        assert best is not None and original is not None, "the smallest file fits everywhere"
        measured = [trial for trial in study.trials if trial.sizes and trial.objective is not None]
        fitting = [trial for trial in measured if trial.number not in choice.rejected]
        low, high = best.bounds("ci95") or (None, None)
        below, above = best.bounds("paired_ci95") or (None, None)
        return Outcome(
            facts={
                "room": Fact(value=self.room, unit="bytes"),
                "files": Fact(value=len(measured), unit="count"),
                "fitting": Fact(value=len(fitting), unit="count"),
                "bytes": Fact(value=self._bytes(best), unit="bytes"),
                "smaller": Fact(value=self._bytes(best) / self._bytes(original), unit="share"),
                "quality": Fact(value=best.objective or 0.0, unit="share", low=low, high=high),
                "original": Fact(value=original.objective or 0.0, unit="share"),
                "change": Fact(
                    value=best.figure("paired_delta") or 0.0, unit="points", low=below, high=above
                ),
            },
            views=(
                Lines(
                    x=Axis(name=self.counted, unit="bytes", log=True),
                    y=QUALITY,
                    series=(
                        self._series("fits", [trial for trial in fitting if trial is not best]),
                        self._series("too_large", [trial for trial in measured if trial not in fitting]),
                        self._series("best", [best]),
                    ),
                    marks=True,
                ),
            ),
            on=MeasuredOn(model=study.model, dataset=study.dataset, images=study.images or 0),
        )

    def door(self) -> Door:
        return Door(page="study", parameters={f"max_{self.counted}": self.room / 1000})

    def _bytes(self, trial: TrialResult) -> int:
        assert trial.sizes is not None
        return trial.sizes.file if self.counted == "file" else trial.sizes.download

    def _series(self, name: str, trials: Sequence[TrialResult]) -> Series:
        ordered = sorted(trials, key=self._bytes)
        return Series(
            name=name,
            x=tuple(float(self._bytes(trial)) for trial in ordered),
            y=tuple(trial.objective or 0.0 for trial in ordered),
        )
