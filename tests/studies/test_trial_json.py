"""A trial's JSON tells the gap to the entropy bound; studies written before it did are read as they are."""

from __future__ import annotations

import json
from pathlib import Path

from edgeslim.records import EntropyGap, RecipeRecord, Sizes
from edgeslim.studies.trial import TrialResult


def trial(sizes: Sizes | None) -> TrialResult:
    return TrialResult(
        number=1,
        state="complete",
        recipe=RecipeRecord(),
        title="float32",
        recipe_fingerprint="f",
        model="m",
        sizes=sizes,
    )


def test_the_gap_is_derived_and_not_kept() -> None:
    one = trial(Sizes(file=2000, download=1100, entropy_bound=1000))
    told = one.to_json()
    assert told["entropy_gap"] == {"bytes": 100, "share": 0.1}
    assert TrialResult.from_json(told) == one
    assert Sizes(1, download=900, entropy_bound=1000).entropy_gap == EntropyGap(-100, -0.1)


def test_trials_without_a_bound_or_without_sizes_have_no_gap() -> None:
    assert trial(None).to_json()["entropy_gap"] is None
    assert trial(Sizes(file=2, download=1)).to_json()["entropy_gap"] is None


def test_an_older_study_is_read_and_gets_its_gap() -> None:
    study = json.loads((Path(__file__).parents[1] / "report" / "data" / "study.json").read_text())
    older = study["trials"][1]
    assert "entropy_gap" not in older
    assert TrialResult.from_json(older).to_json()["entropy_gap"]["bytes"] == 586_911 - 571_300
