"""How sure a study is, as plain data: which files cannot be told apart, and what held-out images say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edgeslim.report.info import noisy
from edgeslim.studies.statistics import images_needed

Study = Mapping[str, Any]
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two trials compared on the same images. Shares of 1."""

    first: int
    second: int
    difference: float
    """The first's headline measure minus the second's."""
    bounds: Bounds
    """Its interval, wide enough for all pairs of the study to be looked at together."""
    distinguishable: bool
    images: int
    images_80: int | None
    """How many images would show this difference with a probability of 80 %; None if there is none."""
    images_95: int | None


@dataclass(frozen=True, slots=True)
class GroupsInfo:
    """What `studies.statistics.Groups` holds, with the figures of the trials."""

    metric: str
    level: float
    images: int
    compared: tuple[int, ...]
    """Trials that were compared with each other, the best first."""
    alike: tuple[tuple[int, ...], ...]
    """Largest sets of compared trials in which no two differ; they may overlap."""
    best: tuple[int, ...]
    """The trials that could be the best of all."""
    critical: float
    errors: Mapping[tuple[int, int], float]
    """Standard error of the difference of (the worse, the better) of two compared trials."""
    values: Mapping[int, float]

    def pair(self, first: int, second: int) -> Pair | None:
        """The comparison of two different trials, None if they were not compared."""
        error = self.errors.get((first, second), self.errors.get((second, first)))
        if error is None:
            return None
        difference, reach = self.values[first] - self.values[second], self.critical * error
        return Pair(
            first=first,
            second=second,
            difference=difference,
            bounds=(difference - reach, difference + reach),
            distinguishable=abs(difference) > reach,
            images=self.images,
            images_80=images_needed(difference, error, self.images, 0.80),
            images_95=images_needed(difference, error, self.images, 0.95),
        )

    def like(self, number: int) -> tuple[int, ...]:
        """The other compared trials that cannot be told from this one, the best first."""
        near = {other for one in self.alike if number in one for other in one}
        return tuple(other for other in self.compared if other in near and other != number)

    def neighbours(self) -> tuple[Pair, ...]:
        """Each compared trial with the next in rank, the best first."""
        pairs = (self.pair(a, b) for a, b in zip(self.compared, self.compared[1:], strict=False))
        return tuple(pair for pair in pairs if pair is not None)


def certainty(study: Study) -> dict[str, Any]:
    """How far a study's figures carry, as JSON.

    pairs: neighbours in rank, and what a budget's choice was between (the fields of Pair); noisy: trials whose timing
    scattered too much to be trusted.
    """
    found, choice = groups_info(study), study.get("choice") or {}
    pairs = list(found.neighbours()) if found else []
    chosen = {choice.get("pick"), choice.get("runner_up")}
    if found and None not in chosen and all({pair.first, pair.second} != chosen for pair in pairs):
        pair = found.pair(choice["pick"], choice["runner_up"])
        pairs += [pair] if pair else []
    told = [asdict(pair) for pair in pairs]
    return {
        "pairs": [{**pair, "bounds": list(pair["bounds"])} for pair in told],
        "noisy": list(noisy(study)),
    }


def groups_info(study: Study) -> GroupsInfo | None:
    """The groups of a study; None where they are not known (yet, or from an earlier version)."""
    groups = study.get("groups")
    if not groups:
        return None
    compared, metric = groups["compared"], groups["metric"]
    values = {trial["number"]: _headline(trial, metric) for trial in study["trials"]}
    return GroupsInfo(
        metric=metric,
        level=groups["level"],
        images=groups["images"],
        compared=tuple(compared),
        alike=tuple(tuple(one) for one in groups["alike"]),
        best=tuple(groups["best"]),
        critical=groups["critical"],
        errors={
            (compared[i], compared[j]): error
            for i, row in enumerate(groups["errors"])
            for j, error in enumerate(row)
        },
        values={number: value for number, value in values.items() if value is not None},
    )


def _headline(trial: Mapping[str, Any], metric: str) -> float | None:
    for figures in (trial.get("accuracy"), trial.get("fidelity")):
        if figures and figures.get(metric) is not None:
            return float(figures[metric])
    return None


@dataclass(frozen=True, slots=True)
class Claim:
    """A trial on images that nobody chose by, against the images it was chosen by. Shares of 1."""

    number: int
    chosen: float
    value: float
    bounds: Bounds | None
    change: float
    """Against the original, on the held-out images."""
    change_bounds: Bounds | None
    optimism: float
    """Score when choosing − held-out score: luck, and how much easier the images were."""
    optimism_bounds: Bounds | None
    change_optimism: float
    """The same of the change against the original: how hard the images are cancels."""
    change_optimism_bounds: Bounds | None


@dataclass(frozen=True, slots=True)
class HeldOutInfo:
    """`optimism` is that of the change, mean over all claims but the original's; None if there are none."""

    metric: str
    images: int
    looks: int
    """How often new trials were scored on these images: above 1 they are no longer quite unseen."""
    claims: tuple[Claim, ...]
    optimism: float | None
    optimism_bounds: Bounds | None

    def claim(self, number: int) -> Claim | None:
        return next((claim for claim in self.claims if claim.number == number), None)


HeldOutState = Literal["scored", "waiting", "none"]


def held_out_state(study: Study) -> HeldOutState:
    """Whether held-out images were scored, will be at the study's end, or do not exist."""
    held_out = study.get("held_out")
    if not held_out:
        return "none"
    return "scored" if held_out["trials"] else "waiting"


def held_out_info(study: Study) -> HeldOutInfo | None:
    """What the held-out images say; None if there are none, or the study has not come to its end."""
    if held_out_state(study) != "scored":
        return None
    held_out = study["held_out"]
    mean = held_out["optimism"]
    return HeldOutInfo(
        metric=held_out["metric"],
        images=held_out["images"],
        looks=held_out["looks"],
        claims=tuple(
            Claim(
                number=one["number"],
                chosen=one["chosen"],
                value=one["value"],
                bounds=_bounds(one["ci95"]),
                change=one["paired_delta"],
                change_bounds=_bounds(one["paired_ci95"]),
                optimism=one["optimism"],
                optimism_bounds=_bounds(one["optimism_ci95"]),
                change_optimism=one["change_optimism"],
                change_optimism_bounds=_bounds(one["change_optimism_ci95"]),
            )
            for one in held_out["trials"]
        ),
        optimism=mean["value"] if mean else None,
        optimism_bounds=_bounds(mean["ci95"]) if mean else None,
    )


def _bounds(interval: Sequence[float] | None) -> Bounds | None:
    return None if interval is None else (float(interval[0]), float(interval[1]))
