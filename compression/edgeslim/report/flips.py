"""What is said of an int8 file's score on inputs that differ by rounding errors."""

from __future__ import annotations

from edgeslim.studies.flips import Flips
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import DASH, format_interval, format_points


def flips_values(found: Flips, trial: TrialResult) -> dict[str, str]:
    """Of its runs, and the trial's intervals with their spread in it: of the measure, and of the change."""

    def widened(name: str, value: float | None, signed: bool) -> str:
        bounds = trial.bounds(name)
        if bounds is None or value is None:
            return DASH
        return format_interval(found.interval(value, bounds), signed=signed)

    return {
        "runs": str(len(found.runs)),
        "low": format_points(min(found.runs)),
        "high": format_points(max(found.runs)),
        "mean": format_points(found.mean),
        "deviation": f"{100 * found.deviation:.2f}",
        "interval": widened("ci95", trial.figure(found.metric), False),
        "change": widened("paired_ci95", trial.figure("paired_delta"), True),
    }


def flips_line(found: Flips, trial: TrialResult) -> str:
    """The same in a terminal."""
    told = flips_values(found, trial)
    return (
        f"#{trial.number} {trial.title}: {found.metric} {told['low']} … {told['high']} in {told['runs']} runs on inputs "
        f"that differ by rounding alone (standard deviation {told['deviation']}, mean {told['mean']}; scored "
        f"{format_points(found.scored)})\n"
        f"95 % intervals with that in them: {found.metric} {told['interval']}, change against the original "
        f"{told['change']}"
    )


def flipping(study: StudyResult) -> tuple[int, ...]:
    """Numbers of the trials whose scores can move with rounding errors of the inputs."""
    return tuple(trial.number for trial in study.trials if trial.flips)
