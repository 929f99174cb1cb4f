"""A search's proposals: what was measured of each, and on which rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeslim.recipe import Recipe
from edgeslim.records import Latency, encoded
from edgeslim.search.halving import Rung
from edgeslim.search.space import Space, title
from edgeslim.studies.storage import PlannedTrial
from edgeslim.studies.trial import TrialResult

_KEPT = ("sha256", "seconds", "sizes", "macs", "memory", "primary_metric")
_KEPT_FIGURES = {"accuracy": ("paired_delta", "paired_ci95"), "fidelity": ("agreement", "sqnr_db")}


Measurements = Mapping[str, Any]
"""What a worker measured on a rung, as it is kept: the fields of a TrialResult in JSON, figures by the task's names."""


@dataclass(slots=True, eq=False)
class Candidate:
    """A proposal that climbs `rungs`; `records` holds the measurements of each rung so far."""

    number: int
    recipe: Recipe
    rungs: tuple[Rung, ...]
    records: list[Measurements] = field(default_factory=list)
    dropped: bool = False
    """By an earlier run: it would continue under a new number."""
    told: bool = False
    """The sampler has been given its result."""

    @property
    def through(self) -> bool:
        """Whether it is fully measured."""
        return len(self.records) == len(self.rungs)

    def measured(self) -> TrialResult:
        """The latest measurements."""
        known = {key: value for key, value in self.records[-1].items() if key not in ("share", "images")}
        return TrialResult.from_json(
            {
                "model": "",
                **known,
                "number": self.number,
                "state": "running",
                "recipe": self.recipe.to_json(),
                "title": "",
                "recipe_fingerprint": "",
            }
        )


def cheap_record(rung: Rung, result: Measurements) -> Measurements:
    """The record of a result that is not a full measurement, with the share and the images it was made with."""
    record: dict[str, Any] = {"share": rung.share, "images": rung.images}
    record |= {key: result[key] for key in _KEPT}
    for name, keys in _KEPT_FIGURES.items():
        figures = result[name] or {}
        wanted = (*keys, result["primary_metric"])
        record[name] = {key: figures[key] for key in wanted if key in figures} or None
    return record


def timed(record: Measurements, latencies: Mapping[str, Latency]) -> Measurements:
    """The record with its file's latency."""
    return {**record, "latency": encoded(latencies[record["sha256"]])}


def placed(trial: TrialResult, rungs: tuple[Rung, ...]) -> Candidate:
    """A study's trial as a candidate, with what was measured so far."""
    records = list(trial.rungs[: len(rungs) - 1])
    if trial.sha256 is not None:
        full = trial.to_json()
        records.append({key: full[key] for key in (*_KEPT, *_KEPT_FIGURES, "latency")})
        rungs = rungs[-len(records) :]
    recipe = Recipe.from_json(trial.recipe.to_json())
    return Candidate(trial.number, recipe, rungs, records, dropped=trial.passed_over)


def planned(recipe: Recipe, space: Space) -> PlannedTrial:
    """The trial of a proposal, with its place in the space if it has one."""
    point = space.exact_point(recipe)
    return PlannedTrial(
        recipe.record(),
        title(recipe),
        recipe.fingerprint(),
        proposed=True,
        point=point,
        distributions=space.distributions(point),
    )
