"""Does pruning make a network generalize better? Against what it is compared decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.predictions import Choice, Door, Number
from edgeslim.lessons.views import Axis, Bars, Counts, Histogram, Series
from edgeslim.params import param

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgeslim.lessons.lab import Lab

SEEDS, WIDTH, FURTHER = 10, 256, 200
NOISE = (0.0, 0.2, 0.4)
SPARSITIES = (0.5, 0.8, 0.95)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned(Experiment):
    """A wide network pruned and retrained, against the same one trained for as long without pruning."""

    name = "pruned"
    uses = ("digits-mlp",)
    predicts = Choice(options=("helps", "hurts", "same"))

    noise: float = param(0.0, low=0, high=1, search=NOISE, unit="share")
    sparsity: float = param(0.8, low=0, high=1, search=SPARSITIES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        import copy

        import numpy as np

        from edgeslim.lessons.overfitting.classroom import RATE, Room, over_seeds
        from edgeslim.steps.pruning import masks
        from edgeslim.training.weights import ZerosStay

        room = Room.of(lab)
        rows = []
        for seed in range(SEEDS):
            lab.progress("training", seed, SEEDS)
            seat = room.seat(seed, self.noise)
            before = seat.trained(WIDTH)
            longer, pruned = copy.deepcopy(before), copy.deepcopy(before)
            weights = masks.prunable_weights(pruned)
            masks.zero_out(weights, masks.lowest_out(masks.magnitude(weights), self.sparsity, "global"))
            cut = seat.validated(pruned)
            seat.train(longer, FURTHER, RATE / 2, order=1)
            seat.train(pruned, FURTHER, RATE / 2, order=1, observer=ZerosStay(pruned))
            rows.append((seat.validated(before), seat.validated(longer), cut, seat.validated(pruned)))
        found = np.array(rows)
        names = ("before", "longer", "cut", "retrained")
        accuracy = {name: over_seeds(found[:, place]) for place, name in enumerate(names)}
        fair = over_seeds(found[:, 3] - found[:, 1], "points")
        assert fair.low is not None and fair.high is not None
        return Outcome(
            facts={
                **accuracy,
                "gain": fair,
                "over_before": over_seeds(found[:, 3] - found[:, 0], "points"),
                "luckiest": Fact(value=float((found[:, 3] - found[:, 1]).max()), unit="points"),
                "seeds": Fact(value=SEEDS, unit="count"),
            },
            views=(
                Bars(
                    y=Axis(name="validation", unit="share"),
                    groups=names,
                    series=(
                        Series(
                            name="mean",
                            y=tuple(fact.value for fact in accuracy.values()),
                            low=tuple(fact.low or 0.0 for fact in accuracy.values()),
                            high=tuple(fact.high or 0.0 for fact in accuracy.values()),
                        ),
                    ),
                ),
            ),
            on=MeasuredOn(dataset="digits", images=len(room.validation)),
            answer="helps" if fair.low > 0 else "hurts" if fair.high < 0 else "same",
        )

    def door(self) -> Door:
        return Door(
            page="new", parameters={"model": "digits-mlp", "data": "digits", "preset": "break-and-recover"}
        )


MODEL = "digits-mlp"
FILES = (2, 5, 20, 50)
IMAGES = (50, 100, 200)
SHARE = 0.1
DRAWS = 2000
BINS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen(Experiment):
    """Of many networks pruned at random the best on some images is chosen, and looked at on the others."""

    name = "chosen"
    uses = (MODEL,)
    predicts = Number(
        of="fresh", unit=Axis(name="gain", unit="points"), low=-0.05, high=0.05, step=0.001, near=0.004
    )

    files: int = param(20, search=FILES)
    images: int = param(50, search=IMAGES)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        original, pruned = _right(lab, self.files)
        change = pruned.astype(np.float64) - original
        random = np.random.default_rng(0)
        seen, fresh = np.empty(DRAWS), np.empty(DRAWS)
        for draw in range(DRAWS):
            order = random.permutation(change.shape[1])
            here, there = order[: self.images], order[self.images :]
            gains = change[:, here].mean(1)
            best = int(gains.argmax())
            seen[draw], fresh[draw] = gains[best], change[best, there].mean()
        edges = np.linspace(min(seen.min(), fresh.min()), max(seen.max(), fresh.max()), BINS + 1)
        return Outcome(
            facts={
                "seen": _spread(seen),
                "fresh": _spread(fresh),
                "average": Fact(value=float(change.mean()), unit="points"),
                "others": Fact(value=change.shape[1] - self.images, unit="count"),
                "draws": Fact(value=DRAWS, unit="count"),
            },
            views=(
                Histogram(
                    x=Axis(name="gain", unit="points"),
                    edges=tuple(edges.tolist()),
                    series=tuple(
                        Counts(name=name, counts=tuple(np.histogram(values, edges)[0].tolist()))
                        for name, values in (("seen", seen), ("fresh", fresh))
                    ),
                ),
            ),
            on=MeasuredOn(model=MODEL, dataset="digits", images=change.shape[1]),
        )


def _right(lab: Lab, files: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the original and each pruned network is right on each validation image: (N,) and (files, N)."""
    import copy

    import numpy as np
    import onnx

    from edgeslim.lessons.overfitting.classroom import Room, right
    from edgeslim.models.torch_graph import to_torch
    from edgeslim.steps.pruning import masks

    network = to_torch(onnx.load(lab.workload(MODEL).model.path))
    validation = Room.of(lab).validation
    found = []
    for seed in range(files):
        pruned = copy.deepcopy(network)
        weights = masks.prunable_weights(pruned)
        masks.zero_out(weights, masks.lowest_out(masks.chance(weights, seed), SHARE, "global"))
        found.append(right(pruned, validation))
    return right(network, validation), np.array(found)


def _spread(values: NDArray[np.float64]) -> Fact:
    """The mean over draws; its ends hold 95 % of them."""
    import numpy as np

    low, high = np.quantile(values, [0.025, 0.975])
    return Fact(value=float(values.mean()), unit="points", low=float(low), high=float(high))
