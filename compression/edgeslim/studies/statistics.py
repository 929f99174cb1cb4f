"""Which files of a study can be told apart, given that they were all scored on the same few images.

Every trial's figure was resampled with the same draws (metrics.bootstrap), so the difference of any two is
paired. Two questions are answered, each for all trials at once at one level:

* Which of the front differ from each other? All pairs are tested together: the critical value is the quantile of
  the largest standardised bootstrap deviation over the pairs (single-step max-T: Westfall & Young, Resampling-
  Based Multiple Testing, 1993; Hothorn, Bretz & Westfall, Biometrical Journal 50, 2008). Unlike Bonferroni's or Holm's
  it uses the correlation of the pairs, and so distinguishes more of them.
* Which could be the best of all? Multiple comparisons with the best (Hsu, Annals of Statistics 9, 1981), with the
  bootstrap in place of a t distribution: a trial stays unless another one is surely better. The set holds the
  truly best one with the probability of the level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.studies import figures
from edgeslim.studies.choice import choose
from edgeslim.studies.groups import LEVEL, Groups
from edgeslim.studies.pareto import front
from edgeslim.studies.study import StudyResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.artifacts.store import Store
    from edgeslim.detections import BoolArray, Doubles

MOST_CONTENDERS = 150


def study_groups(study: StudyResult, store: Store) -> Groups | None:
    """The groups of a study's trials; None if fewer than two have kept their resamples.

    Costs some milliseconds for tens of trials, about three seconds for a thousand.
    """
    import numpy as np

    from edgeslim.metrics import resamples

    kept = {
        trial.number: figure
        for trial in study.trials
        if trial.resamples is not None and (figure := resamples.load(store, trial.resamples)) is not None
    }
    if len(kept) < 2:
        return None
    numbers = sorted(kept, key=lambda number: (-kept[number].value, number))
    table = np.stack([kept[number].resamples for number in numbers])
    # A resample without any object is one for all trials, since they were scored on the same images.
    table = table[:, np.isfinite(table).all(axis=0)]
    values = np.array([kept[number].value for number in numbers])
    on_a_front = contenders(study)
    rows = [row for row, number in enumerate(numbers) if number in on_a_front]
    errors = standard_errors(table[rows])
    critical = critical_value(table[rows], errors)
    compared = [numbers[row] for row in rows]
    different = np.abs(np.subtract.outer(values[rows], values[rows])) > critical * errors
    return Groups(
        metric=next(trial.primary_metric for trial in study.trials if trial.number == numbers[0]) or "",
        level=LEVEL,
        images=kept[numbers[0]].images,
        compared=tuple(compared),
        errors=tuple(tuple(float(f"{e:.6g}") for e in errors[i, :i]) for i in range(len(rows))),
        critical=critical,
        alike=tuple(tuple(compared[i] for i in one) for one in alike_sets(different)),
        best=tuple(numbers[row] for row in possibly_best(values, table)),
    )


def contenders(study: StudyResult) -> set[int]:
    """What a choice could fall on: the baseline, what the study's own budget chooses, its front, all trials on the
    front of the headline against any one cost, and what differs from these by its seed alone; if these are very many,
    the best by the headline.
    """
    first = {study.baseline}
    if study.budget:  # of several limits at once, the pick need not be on any front
        choice = choose(study, study.budget)
        first |= {number for number in (choice.pick, choice.runner_up) if number is not None}
    found = first | {*study.front}
    scored = [trial for trial in study.trials if trial.state in ("complete", "running")]
    for cost in (each for each in figures.objectives() if each.cost):
        points = [(trial.objective, cost.value(trial)) for trial in scored]
        found |= {scored[index].number for index in front(points, ("maximize", "minimize"))}
    steps = [trial.recipe.steps for trial in scored if trial.number in found]
    of_interest = [t for t in scored if t.number in found or t.recipe.steps in steps]
    of_interest.sort(key=lambda t: (t.number not in first, -(t.objective or 0.0), t.number))
    return {trial.number for trial in of_interest[:MOST_CONTENDERS]}


def standard_errors(resampled: Doubles) -> Doubles:
    """(K, K): the standard error of each difference of two figures, from their resamples (K, R)."""
    import numpy as np

    centred = resampled - resampled.mean(axis=1, keepdims=True)
    products = centred @ centred.T / (resampled.shape[1] - 1)
    variances = np.diag(products)
    squares = variances[:, None] + variances[None, :] - 2 * products
    # Equal files differ by rounding only.
    scale = np.maximum(variances[:, None], variances[None, :])
    errors: Doubles = np.sqrt(np.where(squares > 1e-12 * scale, squares, 0.0))
    return errors


def critical_value(resampled: Doubles, errors: Doubles, level: float = LEVEL) -> float:
    """How many standard errors a difference must exceed, so that no pair of equals does with probability `level`.

    The quantile of the largest deviation of any pair from its mean, in its own standard errors, over the
    resamples (K, R). Pairs that never vary against each other take no part; 0 if there are no others.
    """
    import numpy as np

    centred = resampled - resampled.mean(axis=1, keepdims=True)
    largest = np.zeros(resampled.shape[1])
    for i in range(1, len(centred)):
        vary = errors[i, :i] > 0
        if vary.any():
            deviations = np.abs(centred[i] - centred[:i][vary]) / errors[i, :i][vary][:, None]
            np.maximum(largest, deviations.max(axis=0), out=largest)
    return float(np.quantile(largest, level))


def alike_sets(different: BoolArray) -> list[list[int]]:
    """The largest sets in which no two are different (K, K), each sorted, in the order of their first members.

    These are the maximal cliques of what is alike (Bron & Kerbosch, Communications of the ACM 16, 1973, with the
    pivot of Tomita, Tanaka & Takahashi, Theoretical Computer Science 363, 2006); sets of indices are bits of an
    integer. They show the same as the letters of a compact letter display (Piepho, Journal of Computational and
    Graphical Statistics 13, 2004).
    """
    count = len(different)
    alike = [sum(1 << j for j in range(count) if j != i and not different[i, j]) for i in range(count)]
    found: list[list[int]] = []
    work = [(0, (1 << count) - 1, 0)]
    while work:
        chosen, open_, done = work.pop()
        if not open_ | done:
            found.append(_members(chosen))
            continue
        pivot = max(_members(open_ | done), key=lambda i: (alike[i] & open_).bit_count())
        for i in _members(open_ & ~alike[pivot]):
            work.append((chosen | 1 << i, open_ & alike[i], done & alike[i]))
            open_, done = open_ & ~(1 << i), done | 1 << i
    return sorted(found) if count else []


def _members(bits: int) -> list[int]:
    """The places of the ones, rising."""
    places = []
    while bits:
        places.append((bits & -bits).bit_length() - 1)
        bits &= bits - 1
    return places


def possibly_best(values: Doubles, resampled: Doubles, level: float = LEVEL) -> list[int]:
    """Indices of the figures (K,) that could be the largest, given their resamples (K, R), in their order.

    Figure i stays unless some j is above it by more than c_i standard errors of their difference, c_i being
    the quantile of the largest such deviation over all j.
    """
    import numpy as np

    errors = standard_errors(resampled)
    centred = (resampled - resampled.mean(axis=1, keepdims=True)).astype(np.float32)
    kept = []
    for i in range(len(values)):
        vary = errors[i] > 0
        leads = values - values[i]
        if (leads[~vary] > 0).any():
            continue  # always behind, by the same amount
        if vary.any():
            scale: NDArray[np.float32] = (1 / errors[i][vary]).astype(np.float32)
            largest = ((centred[vary] - centred[i]) * scale[:, None]).max(axis=0)
            if (leads[vary] > np.quantile(largest, level) * errors[i][vary]).any():
                continue
        kept.append(i)
    return kept
