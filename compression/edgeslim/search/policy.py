"""A study's search: it decides what to try next and keeps the results in the study's journal; `jobs.run` executes.

Recipes come from a strategy (search.strategy). If the study asks for multi-fidelity, a proposal whose full measurement is
expensive is first measured with little recovery and on few images. The best of each ladder (search.halving) are measured
fully; the others are pruned at the end. The strategy learns results once they are final: full ones where there are any.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeslim.errors import EdgeSlimError
from edgeslim.recipe import Recipe
from edgeslim.records import Latency, encoded
from edgeslim.search.candidates import Candidate, Measurements, cheap_record, placed, planned, timed
from edgeslim.search.costs import Costs
from edgeslim.search.evaluator import ObjectiveEvaluator, Values
from edgeslim.search.halving import FULL, Ladder, Rung, rungs
from edgeslim.search.space import at_share, recovers, space_of
from edgeslim.search.strategy import Factored, Strategy, Whole, ready_recipes
from edgeslim.studies.hypervolume import Gains, hypervolume
from edgeslim.studies.search_run import LEARNING, End
from edgeslim.studies.storage import StudyJournal
from edgeslim.studies.study import StudyResult
from edgeslim.studies.task import Timing, TrialTask
from edgeslim.studies.trial import TrialResult

TIMED_TOGETHER = 6
"""While searching, latency is measured for this many files at a time, since all other work pauses meanwhile …"""
ROUNDS = 10
"""… and in fewer rounds than at the end."""
_PROGRESS = 1e-3
"""A relative gain in hypervolume below this is not progress."""
_ONE, _SHORTER = 1 / 8, (0.7, 0.5, 0.35, 0.25, 0.18, 0.1)
"""The share of the search's time that one recovery may take, and the shares to which a longer one is shortened."""
_DRAWS = 20
"""Consecutive proposals that would take too long, after which the search ends."""


class Search:
    """One run of a study's search. The original must be measured; `steps` are the names of those that can be used.

    Raises StudyError (objective_not_measured).
    """

    def __init__(self, journal: StudyJournal, study: StudyResult, steps: Sequence[str]) -> None:
        assert study.search is not None, "only what was asked for is searched"
        plan = journal.plan
        self._journal = journal
        self.search_run = study.search
        self._original = next(trial for trial in study.trials if trial.number == study.baseline)
        self._evaluator = ObjectiveEvaluator(self._original, plan.objectives, plan.budget)
        self._images, self._costs = study.images or 0, Costs()
        self._ladders: dict[tuple[str, bool], Ladder] = {}
        """By kind, and by whether the recipe recovers: only comparable recipes compete."""
        self._candidates: dict[str, Candidate] = {}
        self._at_work: dict[int, Candidate] = {}
        self._to_time, self._being_timed = list[Candidate](), list[Candidate]()
        self._front: list[Gains] = []
        self._volume, self._without_progress = 0.0, 0
        self._no_more: End | None = None
        """Why nothing else is proposed: no recipe is left, or none that fits into the time left."""
        self._space = space_of(steps)
        self._count = sum(t.proposed and t.number >= self.search_run.first for t in study.trials)
        make = Factored if self.search_run.multi_fidelity else Whole
        # A continued search does not repeat its proposals.
        seed = self.search_run.seed + len(study.trials)
        seeds = (
            ready_recipes(self._space, self.search_run.preset) if self.search_run.sampler in LEARNING else []
        )
        self._strategy: Strategy = make(self._space, self.search_run.sampler, seed, seeds, self._evaluator)
        for trial in study.trials:
            with contextlib.suppress(
                EdgeSlimError
            ):  # a recipe of an older version, with steps that no longer exist
                self._remember(trial)
        self._tell_decided()

    def next(self) -> TrialTask | Timing | None:
        """The next piece of work; None if it depends on pending results, or nothing is left."""
        if self.time_is_up:
            return None
        enough = len(self._to_time) >= TIMED_TOGETHER or not self._at_work
        if self._to_time and enough and not self._being_timed:
            return self._time()
        closing = self._closing()
        return self._promoted() or self._combined() or self._proposed() or self._promoted(closing)

    def work(self, seconds: float) -> None:
        """Add to the time spent."""
        self.search_run = replace(self.search_run, spent=self.search_run.spent + seconds)

    @property
    def time_is_up(self) -> bool:
        return self._left() <= 0.0

    def finish(self) -> None:
        """Prune what is not fully measured, and record why the run has ended."""
        for candidate in self._candidates.values():
            if not candidate.through and not candidate.dropped:
                self._journal.prune(candidate.number)
        self.search_run = replace(self.search_run, ended=self._reached() or "time")
        self._journal.note(search=encoded(self.search_run))

    def done(self, task: TrialTask, result: Measurements) -> None:
        """Take a task's result; on a rung below the last it is recorded as cheap, not as the trial's."""
        candidate = self._at_work.pop(task.number)
        index = len(candidate.records)
        rung = candidate.rungs[index]
        self._costs.learn(task.recipe, [each["seconds"] for each in result["stages"]], result["seconds"])
        if rung.full:
            candidate.records.append(result)
            self._journal.record(task.number, {**result, "found_after": round(self.search_run.spent, 1)})
        else:
            candidate.records.append(cheap_record(rung, result))
            self._journal.rung(task.number, index, candidate.records[index])
        self._journal.note(search=encoded(self.search_run))
        self._place(candidate)
        self._tell_decided()

    def timed(self, latencies: Mapping[str, Latency]) -> None:
        """Take the latencies of the files that were timed, by SHA-256."""
        judged, self._being_timed = self._being_timed, []
        for candidate in judged:
            candidate.records[-1] = timed(candidate.records[-1], latencies)
            if not candidate.through:
                self._journal.rung(candidate.number, len(candidate.records) - 1, candidate.records[-1])
            self._place(candidate)
        self._tell_decided()

    def failed(self, task: TrialTask) -> None:
        """Remove the recipe of a task that failed."""
        candidate = self._at_work.pop(task.number)
        name = candidate.recipe.fingerprint()
        del self._candidates[name]
        self._ladder(candidate.recipe).drop(name)
        self._without_progress += 1
        self._strategy.tell(candidate.recipe, None, full=False)

    def _left(self) -> float:
        """Seconds; infinite without a limit."""
        return (
            float("inf")
            if self.search_run.minutes is None
            else self.search_run.minutes * 60 - self.search_run.spent
        )

    def _reached(self) -> End | None:
        """The limit that is reached, None while more can be proposed."""
        if self.time_is_up:
            return "time"
        if self.search_run.patience is not None and self._without_progress >= self.search_run.patience:
            return "patience"
        if self.search_run.trials is not None and self._count >= self.search_run.trials:
            return "trials"
        return self._no_more

    def _way(self, recovers: bool) -> tuple[Rung, ...]:
        return rungs(recovers, self._images, self.search_run.multi_fidelity)

    def _ladder(self, recipe: Recipe) -> Ladder:
        """The ladder of comparable recipes. With recovery a full measurement is expensive, so fewer are promoted."""
        kind = self._strategy.kind(recipe), (dear := recovers(recipe))
        new = Ladder(len(self._way(dear)), keep=3 if dear else 2, grace=6 if dear else 2)
        return self._ladders.setdefault(kind, new)

    def _closing(self) -> bool:
        """Whether no further candidate will join the comparison."""
        cheap = any(len(candidate.records) + 1 < len(candidate.rungs) for candidate in self._at_work.values())
        return self._reached() is not None and not (cheap or self._to_time or self._being_timed)

    def _time(self) -> Timing:
        self._being_timed, self._to_time = self._to_time, []
        files = (self._original.sha256, *(each.records[-1]["sha256"] for each in self._being_timed))
        return Timing(tuple(dict.fromkeys(sha256 for sha256 in files if sha256 is not None)))

    def _promoted(self, closing: bool = False) -> TrialTask | None:
        """A candidate that is promoted and whose next rung fits into the time left."""
        for ladder in self._ladders.values():
            for name, index in ladder.next(closing):
                task = self._further(self._candidates[name], index + 1)
                if task is not None:
                    ladder.passed(name, index)
                    return task
        return None

    def _further(self, candidate: Candidate, index: int) -> TrialTask | None:
        """The candidate's next rung; or, if its recovery does not fit into the time left, a recipe with a shorter one."""
        if self._costs.seconds(at_share(candidate.recipe, candidate.rungs[index].share)) <= self._allowed():
            return self._task(candidate)
        for share in _SHORTER:
            shorter = at_share(candidate.recipe, share)
            new = shorter.fingerprint() not in self._candidates
            if new and self._costs.seconds(shorter) <= self._allowed():
                self._strategy.claim(shorter)
                return self._begun(shorter, (FULL,))
        return None

    def _allowed(self) -> float:
        """Seconds that a single recovery may take, so that time is left for others."""
        return min(self._left(), (self.search_run.minutes or float("inf")) * 60 * _ONE)

    def _combined(self) -> TrialTask | None:
        """A combination of two measured parts."""
        recipe = None if self._reached() else self._strategy.combination(self._front, self._fits)
        return None if recipe is None else self._begun(recipe, (FULL,))

    def _proposed(self) -> TrialTask | None:
        """A new recipe, on its first rung."""
        if self._reached():
            return None
        for _ in range(_DRAWS):
            recipe = self._strategy.next()
            if recipe is None:
                self._no_more = "space"
                return None
            way = self._way(recovers(recipe))
            if self._fits(at_share(recipe, way[0].share)):
                return self._begun(recipe, way)
            self._strategy.tell(recipe, None, full=False)
        self._no_more = "time"
        return None

    def _begun(self, recipe: Recipe, way: tuple[Rung, ...]) -> TrialTask:
        self._count += 1
        number = self._journal.add([planned(recipe, self._space)])[0]
        candidate = self._candidates[recipe.fingerprint()] = Candidate(number, recipe, way)
        return self._task(candidate)

    def _fits(self, recipe: Recipe) -> bool:
        return self._costs.seconds(recipe) <= self._left()

    def _task(self, candidate: Candidate) -> TrialTask:
        """The candidate's next rung."""
        if candidate.dropped:
            plan = planned(candidate.recipe, self._space)
            again = replace(plan, replaces=candidate.number, rungs=candidate.records)
            candidate.number, candidate.dropped = self._journal.add([again])[0], False
            self._count += 1
        index = len(candidate.records)
        rung = candidate.rungs[index]
        self._at_work[candidate.number] = candidate
        recipe = at_share(candidate.recipe, rung.share)
        return TrialTask(candidate.number, recipe, True, index, rung.images, rung.full)

    def _place(self, candidate: Candidate) -> None:
        """File a candidate that was just measured: for timing, for promotion, or into the front."""
        if self._evaluator.needs_latency and candidate.records[-1].get("latency") is None:
            self._to_time.append(candidate)
        elif candidate.through:
            self._settle(candidate)
        else:
            standing = self._strategy.standing(candidate.recipe, self._values(candidate))
            name, rung = candidate.recipe.fingerprint(), len(candidate.records) - 1
            self._ladder(candidate.recipe).record(name, rung, standing)

    def _settle(self, candidate: Candidate) -> None:
        """Take a full measurement into the front."""
        self._tell(candidate)
        values = self._values(candidate)
        if self._evaluator.within(values):
            self._front.append(self._evaluator.gains(values))
            volume = hypervolume(self._front)
            if volume > self._volume * (1 + _PROGRESS):
                self._volume, self._without_progress = volume, 0

    def _tell_decided(self) -> None:
        """Give the strategy the results of all candidates that are not promoted for now."""
        in_line = {name for ladder in self._ladders.values() for name, _ in ladder.next()}
        for name, candidate in self._candidates.items():
            waits = candidate.number in self._at_work or candidate in (*self._to_time, *self._being_timed)
            if candidate.records and not candidate.told and not waits and name not in in_line:
                self._tell(candidate)

    def _tell(self, candidate: Candidate) -> None:
        self._without_progress += not candidate.told
        candidate.told = True
        self._strategy.tell(candidate.recipe, self._values(candidate), candidate.through)

    def _values(self, candidate: Candidate) -> Values:
        return self._evaluator.values(candidate.measured())

    def _remember(self, trial: TrialResult) -> None:
        """Take up a trial of an earlier run. Raises EdgeSlimError for a recipe that cannot be read."""
        recipe = Recipe.from_json(trial.recipe.to_json())
        way = self._way(recovers(recipe))
        candidate = placed(trial, way)
        if trial.objective is None and not (trial.proposed or trial.error):
            return  # it is measured before the search begins
        self._strategy.claim(recipe)
        if trial.error is not None:
            self._strategy.tell(recipe, None, full=False)
            return
        self._candidates[recipe.fingerprint()] = candidate
        if candidate.through:
            self._costs.learn(recipe, [each.seconds for each in trial.stages], trial.seconds or 0.0)
        if candidate.records:
            self._place(candidate)
