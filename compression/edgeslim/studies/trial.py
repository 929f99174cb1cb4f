"""A trial as plain data: one recipe of a study, and what was measured of its file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edgeslim.artifacts.artifact import Stage
from edgeslim.errors import ErrorRecord, Notice
from edgeslim.records import (
    ClassMatching,
    FormerData,
    Latency,
    ProgressRecord,
    RecipeRecord,
    Sizes,
    decoded,
    encoded,
)
from edgeslim.runtime import MAIN
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.units import CHANGE, POINTS, format_share

TrialState = Literal[
    "waiting", "running", "complete", "failed", "infeasible", "pruned", "out_of_time", "cancelled"
]
"""'infeasible': the network cannot be made so. 'pruned': a search has dropped it after cheap measurements, or in time."""
Bounds = tuple[float, float]
HARDLY = 0.05
"""A smaller share of the arithmetic in int8 is no int8 network."""
NOTHING = 0.01
"""An original with a lower mAP is fed or read wrongly, or its data are not for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One recipe's trial. Measurements are None until made; fractions are 0–1, sizes in bytes.

    `accuracy` and `fidelity` hold figures by the names that the task gives them, so they are free-form;
    `studies.figures` knows which there are.
    """

    number: int
    state: TrialState
    recipe: RecipeRecord
    title: str
    recipe_fingerprint: str
    model: str
    file: str | None = None
    sha256: str | None = None
    stages: tuple[Stage, ...] = ()
    sizes: Sizes | None = None
    params: int | None = None
    nonzero: int | None = None
    macs: int | None = None
    int8_macs: int | None = None
    """Of them those that compute with 8-bit integers; None in studies from before they were counted."""
    int8_asked: bool = False
    """Whether a step of the recipe is to make layers compute in int8."""
    memory: Mapping[str, int] | None = None
    accuracy: Mapping[str, Any] | None = None
    fidelity: Mapping[str, Any] | None = None
    latency: Latency | None = None
    error: ErrorRecord | None = None
    progress: ProgressRecord | None = None
    seconds: float | None = None
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    primary_metric: str | None = None
    resamples: str | None = None
    """Where the store keeps the primary metric's resamples over images (metrics.resamples)."""
    missed: tuple[str, ...] = ()
    """The limits of the study's budget that it does not keep, as reasons of studies.choice."""
    proposed: bool = False
    """By a search."""
    found_after: float | None = None
    """Seconds that the search had taken when it was measured."""
    rungs: tuple[Mapping[str, Any], ...] = ()
    """What a search measured cheaply before: share of the recovery, images, figures. No measurements of the file."""
    runtimes: Mapping[str, RuntimeFigures] = dataclasses.field(default_factory=dict)
    """Figures in other runtimes than the main one, whose are the trial's own. See `in_runtime`."""
    former: FormerData | None = None
    """On the data that the model had learnt from; None where its recipe learns nothing from labels of others, or these
    data are not known or not here."""
    classes: ClassMatching | None = None
    """Which classes of the data are which of the model's; a study's plan says so once for all trials."""
    told: tuple[Notice, ...] = ()
    """What was noticed of its model and data; a study keeps that once for all trials."""

    def in_runtime(self, name: str) -> RuntimeFigures | None:
        """The figures in any runtime, the main one too; None where the trial was not measured in it."""
        if name != MAIN or self.sha256 is None:
            return self.runtimes.get(name)
        return RuntimeFigures(
            version=self.environment.get(MAIN, ""),
            format="onnx",
            suffix=".onnx",
            sha256=self.sha256,
            bytes=self.sizes.file if self.sizes else None,
            download=self.sizes.download if self.sizes else None,
            accuracy=self.accuracy,
            fidelity=self.fidelity,
            latency=self.latency,
            resamples=self.resamples,
        )

    def seen_in(self, runtime: str) -> TrialResult:
        """The trial with its figures in that runtime as its own; None where it was not measured there."""
        found = self.in_runtime(runtime)
        if found is None:
            return dataclasses.replace(
                self, sizes=None, accuracy=None, fidelity=None, latency=None, former=None
            )
        known = found.bytes is not None and found.download is not None
        return dataclasses.replace(
            self,
            sizes=Sizes(found.bytes or 0, found.download or 0) if known else None,
            accuracy=found.accuracy,
            fidelity=found.fidelity,
            latency=found.latency,
            former=None,
        )

    @property
    def delivered(self) -> dict[str, str]:
        """SHA-256 of the delivered file by runtime, the main one first, where it could be delivered and runs."""
        own = {} if self.sha256 is None else {MAIN: self.sha256}
        return own | {name: each.sha256 for name, each in self.runtimes.items() if each.sha256 is not None}

    def file_alone(self) -> TrialResult:
        """What is true of its file anywhere: not what was measured on other images or another machine."""
        return dataclasses.replace(
            self,
            accuracy=None,
            fidelity=None,
            latency=None,
            runtimes={},
            former=None,
            resamples=None,
            primary_metric=None,
            environment={},
        )

    def with_latencies(self, latencies: Mapping[str, Latency]) -> TrialResult:
        """The trial with latencies by runtime."""
        timed = {
            name: dataclasses.replace(each, latency=latencies.get(name))
            for name, each in self.runtimes.items()
        }
        return dataclasses.replace(self, latency=latencies.get(MAIN), runtimes=timed)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What to know before the file is used."""
        found = list(self.told)
        if not self.recipe.steps and self.scores_nothing:
            found.append(Notice("scores_nothing"))
        if self.stayed_float:
            found.append(Notice("stayed_float", share=format_share(self.int8_share)))
        if self.former is not None and self.former.lost:
            found.append(_lost(self.former))
        decibels = (self.fidelity or {}).get("plain_sqnr_db")
        if decibels is not None:
            found.append(Notice("plain_session_differs", decibels=round(decibels, 1)))
        return tuple(found)

    @property
    def int8_share(self) -> float | None:
        """Share of the multiply-accumulates that compute with 8-bit integers."""
        return None if self.int8_macs is None or not self.macs else self.int8_macs / self.macs

    @property
    def flips(self) -> bool:
        """Whether rounding errors of the inputs can move its score: it computes integers."""
        return bool(self.int8_macs) and bool(self.accuracy) and self.sha256 is not None

    @property
    def stayed_float(self) -> bool:
        """Whether the recipe says int8 and next to nothing computes so."""
        return self.int8_asked and self.int8_share is not None and self.int8_share < HARDLY

    def as_it_is(self) -> TrialResult:
        """The trial under a title that says what its file is."""
        if not self.stayed_float:
            return self
        return dataclasses.replace(self, title=f"{self.title} (computes in float)")

    @property
    def scores_nothing(self) -> bool:
        """Whether its mAP is below one point."""
        found = (self.accuracy or {}).get("mAP")
        return found is not None and found < NOTHING

    @property
    def objective(self) -> float | None:
        """The primary metric's value: accuracy where there are labels, else fidelity to the original."""
        return None if self.primary_metric is None else self.figure(self.primary_metric)

    @property
    def passed_over(self) -> bool:
        """Whether it was not worth measuring fully to its search, or its study's time was over before it."""
        return self.state in ("pruned", "out_of_time")

    @property
    def measured(self) -> bool:
        """Whether it has a file with a size: complete, or only its timing still to come."""
        return self.state in ("complete", "running") and self.sizes is not None

    def figure(self, name: str) -> float | None:
        """A figure of accuracy or fidelity by its name, None where it was not measured."""
        for figures in (self.accuracy, self.fidelity):
            if figures and figures.get(name) is not None:
                return float(figures[name])
        return None

    def bounds(self, name: str) -> Bounds | None:
        """An interval of accuracy or fidelity by its name ('ci95', 'paired_ci95', 'agreement_ci95')."""
        for figures in (self.accuracy, self.fidelity):
            found = (figures or {}).get(name)
            if found and None not in found:
                return float(found[0]), float(found[1])
        return None

    def to_json(self) -> dict[str, Any]:
        """All fields, and what follows from them of sizes and classes."""
        gap = self.sizes.entropy_gap if self.sizes else None
        told: dict[str, Any] = {**encoded(self), "entropy_gap": encoded(gap)}
        if self.classes is not None:
            names = ("matched", "dataset_only", "model_only")
            told["classes"] |= {name: encoded(getattr(self.classes, name)) for name in names}
        return told

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> TrialResult:
        return decoded(TrialResult, data)


def _lost(former: FormerData) -> Notice:
    low, high = map(CHANGE.text, former.change_ci95 or (None, None))
    before, after = POINTS.text(former.before), POINTS.text(former.after)
    return Notice(
        "former_data_lost",
        dataset=former.dataset,
        metric=former.metric,
        before=before,
        after=after,
        low=low,
        high=high,
        images=former.images,
    )
