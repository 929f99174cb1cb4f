"""Which files a device holds: the file in flash, the activations in RAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.predictions import Choice, Door
from edgeslim.lessons.sample import STUDY, sample_study, trial_of
from edgeslim.lessons.views import Axis, Bars, Series, Table
from edgeslim.params import param
from edgeslim.studies.devices import DEVICES, Device

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.studies.trial import TrialResult

FILES: Mapping[str, str] = {
    "float32": "float32",
    "mixed_bits": "mixed bits",
    "ternary": "channels 60% + tuning + ternary",
    "int8": "int8",
}
"""Titles of trials."""
COUNTED = ("file", "all")


@dataclass(frozen=True, kw_only=True, slots=True)
class Room(Experiment):
    """Files of one detector against the flash and the RAM of a device."""

    name = "room"
    uses = (STUDY,)
    predicts = Choice(options=(*FILES, "several", "none"))

    device: str = param("stm32h7", choices=tuple(DEVICES.names()))
    counted: str = param("all", choices=COUNTED)

    def run(self, lab: Lab) -> Outcome:
        device = DEVICES.get(self.device)
        trials = {name: trial_of(title) for name, title in FILES.items()}
        needs = {name: _needs(trial, device) for name, trial in trials.items()}
        shares = {name: (flash / device.flash, ram / device.ram) for name, (flash, ram) in needs.items()}
        kinds = ("flash", "memory") if self.counted == "all" else ("flash",)
        fitting = [name for name, share in shares.items() if max(share[: len(kinds)]) <= 1]
        return Outcome(
            facts={
                "flash": Fact(value=device.flash, unit="bytes"),
                "memory": Fact(value=device.ram, unit="bytes"),
                "fitting": Fact(value=len(fitting), unit="count"),
                "files": Fact(value=len(trials), unit="count"),
                **{f"{name}_flash": Fact(value=flash, unit="bytes") for name, (flash, _) in needs.items()},
                **{f"{name}_memory": Fact(value=ram, unit="bytes") for name, (_, ram) in needs.items()},
            },
            views=(
                Bars(
                    y=Axis(name="share_of_device", unit="share"),
                    groups=tuple(trials),
                    series=tuple(
                        Series(name=kind, y=tuple(share[place] for share in shares.values()))
                        for place, kind in enumerate(kinds)
                    ),
                ),
                _table(trials, needs),
            ),
            on=MeasuredOn(
                model=sample_study().model, dataset=sample_study().dataset, images=sample_study().images or 0
            ),
            answer=fitting[0] if len(fitting) == 1 else "several" if fitting else "none",
        )

    def door(self) -> Door:
        return Door(page="study", parameters={"device": self.device})


def _needs(trial: TrialResult, device: Device) -> tuple[int, int]:
    """Bytes in flash, and bytes in RAM: activations, and the weights too where they are not read from flash."""
    assert trial.sizes is not None and trial.memory is not None
    activations = trial.memory["peak_activation"]
    return trial.sizes.file, activations if device.weights_in_flash else trial.sizes.file + activations


def _table(trials: Mapping[str, TrialResult], needs: Mapping[str, tuple[int, int]]) -> Table:
    return Table(
        columns=(
            Axis(name="flash_needed", unit="bytes"),
            Axis(name="memory_needed", unit="bytes"),
            Axis(name="mAP", unit="share"),
        ),
        rows=tuple(trials),
        values=tuple((*needs[name], trial.objective) for name, trial in trials.items()),
    )
