"""How a study came to its front, on the screen."""

import json
from copy import deepcopy
from typing import Any

import pytest

from edgeslim import workbench


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
    assert "Of 54 recipes the best 14 by Download differ from the rest by more than chance in " in told
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


def test_lines_that_a_filter_leaves_out_are_not_drawn(show: Any, world: dict[str, Any]) -> None:
    grown(world)

    def drawn(**given: str) -> set[int]:
        app = show("study", section="search", by="download", every="True", **given)
        assert not app.exception
        charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
        lines = [trace for chart in charts for trace in chart["data"] if trace.get("mode") == "lines+markers"]
        return {told[0] for trace in lines for told in trace.get("customdata") or () if told}

    assert len(drawn()) > 50
    assert drawn(find="#13", state="complete") == {13, *range(130, 140)}


def test_a_star_is_on_the_chart_beside_what_else_is_said_of_a_file(show: Any, world: dict[str, Any]) -> None:
    workbench.star_trial(world["name"], 8, sample=True)
    app = show("study")
    assert not app.exception
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert "<b>★</b>" in [note["text"] for note in spec["layout"]["annotations"]]
