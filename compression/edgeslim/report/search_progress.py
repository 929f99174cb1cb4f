"""How a search went: what it tried, and how its front grew with the time spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from edgeslim.report.info import proposed
from edgeslim.report.marks import Texts
from edgeslim.report.palette import ACCENT, FONT_SIZE
from edgeslim.studies.choice import choose
from edgeslim.studies.front_summary import gains_of, scale_of
from edgeslim.studies.hypervolume import growth
from edgeslim.studies.study import StudyResult


@dataclass(frozen=True, slots=True)
class Moment:
    """From so many minutes of searching on, the front had that hypervolume."""

    minutes: float
    volume: float


@dataclass(frozen=True, slots=True)
class SearchInfo:
    """All of the last run.

    `tried` recipes: of them `full` are measured fully, `cheap` were only judged cheaply, `failed` failed.
    """

    tried: int
    full: int
    cheap: int
    failed: int
    moments: tuple[Moment, ...]
    """Whenever the front gained; the first is what it began with."""
    minutes: float
    """Of searching so far."""

    @property
    def improved(self) -> float | None:
        """The minute of the last gain; None if the run has brought none."""
        return self.moments[-1].minutes if len(self.moments) > 1 else None


def search_info(study: StudyResult) -> SearchInfo | None:
    """What became of a study's search; None if it had none."""
    search = study.search
    if search is None:
        return None
    tried = proposed(study)
    cheap = [trial for trial in tried if trial.state != "failed" and trial.sizes is None]
    return SearchInfo(
        tried=len(tried),
        full=sum(trial.sizes is not None for trial in tried),
        cheap=sum(bool(trial.rungs) for trial in cheap),
        failed=sum(trial.state in ("failed", "infeasible") for trial in tried),
        moments=tuple(_moments(study, search.first)),
        minutes=search.spent / 60,
    )


def _moments(study: StudyResult, first: int) -> Sequence[Moment]:
    """The front's volume whenever it grew; trials before number `first` were there when the search began."""
    scale = scale_of(study)
    if scale is None:
        return ()
    rejected = choose(study, study.budget).rejected
    found = sorted(
        (trial.found_after / 60 if trial.found_after is not None and trial.number >= first else 0.0, gains)
        for trial, gains in gains_of(study, scale, rejected)
    )
    moments = [Moment(0.0, 0.0)]
    volumes = growth([gains for _, gains in found])
    for (minutes, _), volume in zip(found, volumes, strict=True):
        if volume > moments[-1].volume:
            moments[-1 if minutes == moments[-1].minutes else len(moments) :] = [Moment(minutes, volume)]
    return moments


def search_chart(info: SearchInfo, texts: Texts) -> go.Figure:
    """The hypervolume against the minutes of searching, as steps."""
    minutes = [moment.minutes for moment in info.moments]
    volumes = [moment.volume for moment in info.moments]
    figure = go.Figure(
        go.Scatter(
            x=[*minutes, max(info.minutes, *minutes)],
            y=[*volumes, volumes[-1]],
            mode="lines",
            line={"shape": "hv", "color": ACCENT, "width": 3},
            hovertemplate="%{x:.1f} min: %{y:.3f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=260,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        dragmode=False,
        font={"size": FONT_SIZE},
    )
    figure.update_xaxes(title=texts["chart.search_minutes"], rangemode="tozero", automargin=True)
    figure.update_yaxes(title=texts["chart.search_volume"], rangemode="tozero", automargin=True)
    return figure
