"""How a study came to its front, on the screen."""

from copy import deepcopy
from typing import Any

import pytest


def grown(study: dict[str, Any]) -> None:
    """Forty pruned recipes more: the more sparse, the smaller."""
    pattern = study["trials"][5]
    for number in range(100, 140):
        trial = deepcopy(pattern)
        sparsity = round(0.02 * (number - 99), 2)
        trial.update(number=number, title=f"p{number}", recipe_fingerprint=str(number))
        trial["recipe"] = {
            "name": "",
            "seed": 0,
            "steps": [{"step": "magnitude_pruning", "sparsity": sparsity}],
        }
        trial["sizes"]["download"] = int(1_000_000 * (1 - sparsity))
        study["trials"].append(trial)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_study_of_few_recipes_teaches_what_more_would_tell(show: Any, locale: str) -> None:
    app = show("study", locale, section="search")
    assert not app.exception
    assert any("20" in info.value and "14" in info.value for info in app.info)
    assert not [box for box in app.selectbox if box.key == "linked_by"]


def test_what_decides_is_said_in_words(show: Any, world: dict[str, Any]) -> None:
    grown(world)
    app = show("study", section="search", by="download")
    assert not app.exception
    told = "\n".join(each.value for each in app.markdown)
    assert "The front last grew with file " in told
    assert "Of 54 recipes the best 14 (Download) differ from the rest by more than chance in " in told
    assert ": **Magnitude pruning: Sparsity, " in told
    assert app.selectbox(key="linked_parameter").value == "magnitude_pruning.sparsity"
    app.multiselect(key="linked_axes").set_value(["download"]).run()
    assert "Choose two axes or more." in [caption.value for caption in app.caption]


def test_only_the_section_that_is_open_is_computed(show: Any, world: dict[str, Any]) -> None:
    grown(world)
    assert len(show("study").dataframe) > 0
    app = show("study", section="search")
    assert [frame for frame in app.dataframe if "standing" in frame.value] == []
    app.query_params["section"] = "table"
    app.run()
    assert [frame for frame in app.dataframe if "standing" in frame.value]
    assert not [box for box in app.selectbox if box.key == "linked_by"]
