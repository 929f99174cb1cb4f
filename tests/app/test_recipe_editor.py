"""Recipes of one's own on the form of a new study: built, ordered, loaded, and refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from app_world import MODEL, Started

from edgeslim import workbench
from edgeslim.errors import ParameterError
from edgeslim.recipe import Recipe
from edgeslim.steps.pruning.magnitude import MagnitudePruning
from edgeslim.steps.quantization.float16 import Float16
from edgeslim.texts import translate
from edgeslim.ui.components.recipe_drafts import RecipeDraft, StepDraft


def test_a_recipe_is_built_step_by_step_and_its_rules_are_checked(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own")
    assert app.button(key="start_study").disabled, "there is nothing to run yet"
    app.button(key="add_recipe").click().run()
    for step in ("float16", "magnitude_pruning"):
        app.selectbox(key="step_of_1").set_value(step).run()
        app.button(key="add_step_1").click().run()
    assert "needs a trainable network and cannot follow float16" in app.error[0].value
    assert app.button(key="start_study").disabled
    app.button(key="arrow_upward_3").click().run()
    assert not app.error
    app.slider(key="value_3_sparsity").set_value(0.9).run()
    app.button(key="start_study").click().run()
    assert started[0].recipes == (Recipe((MagnitudePruning(sparsity=0.9), Float16())),)


def test_a_step_that_finds_nothing_to_do_is_offered_last_and_told_before_it_costs_anything(
    show: Any, started: list[Started]
) -> None:
    app = show("new", preset="own", model="digits-cnn")
    app.button(key="add_recipe").click().run()
    offered = app.selectbox(key="step_of_1")
    assert offered.options[-1].startswith("Dynamic int8") and not offered.options[0].startswith(
        "Dynamic int8"
    )
    offered.set_value("dynamic_int8").run()
    assert any("no layers that it works on" in one.value for one in app.caption)
    app.button(key="add_step_1").click().run()
    assert "cannot be run here: 1 of 1" in app.warning[0].value
    assert app.button(key="start_study").disabled
    app.button(key="add_recipe").click().run()
    app.button(key="add_step_3").click().run()
    assert not app.exception and "cannot be run here: 1 of 2" in app.warning[0].value
    assert not app.button(key="start_study").disabled


def test_a_senseless_order_is_mended_with_one_click(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own")
    app.button(key="add_recipe").click().run()
    for step in ("float16", "magnitude_pruning"):
        app.selectbox(key="step_of_1").set_value(step).run()
        app.button(key="add_step_1").click().run()
    app.slider(key="value_3_sparsity").set_value(0.85).run()
    app.button(key="use_order_1").click().run()
    assert not app.exception
    assert not app.error
    assert [button for button in app.button if button.key == "use_order_1"] == []
    app.button(key="start_study").click().run()
    wanted = Recipe((MagnitudePruning(sparsity=0.85), Float16()))
    assert started[0].recipes == (wanted,), "what was set of a step stays with it"


def test_an_error_that_is_not_about_order_is_shown_once(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Any) -> None:
        raise ParameterError("unknown_model", name="x", choices="y")

    monkeypatch.setattr(workbench, "read_recipe", refused)
    monkeypatch.setattr(workbench, "repaired_recipe", refused)
    app = show("new", preset="own")
    app.button(key="add_recipe").click().run()
    assert [error.value for error in app.error] == [
        translate("en", "error.unknown_model", name="x", choices="y")
    ]


def test_a_teacher_is_chosen_from_the_other_models_for_the_task(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [
        replace(MODEL, name="digits-large"),
        replace(MODEL, name="signs", task="detection"),
        replace(MODEL, name="not-here", ready=False),
    ]
    monkeypatch.setattr(workbench, "list_models", lambda: [MODEL, *others])
    app = show("new", preset="own", model="digits-cnn")
    app.button(key="add_recipe").click().run()
    app.selectbox(key="step_of_1").set_value("distil_from_teacher").run()
    app.button(key="add_step_1").click().run()
    assert app.selectbox(key="value_2_teacher").options == ["digits-large"]
    app.button(key="start_study").click().run()
    assert started[0].recipes[0].record().steps[0]["teacher"] == "digits-large"


def test_recipes_are_loaded_from_a_file(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own")
    recipes = [{"name": "half", "steps": [{"step": "float16"}]}, {"steps": [{"step": "magnitude_pruning"}]}]
    app.file_uploader(key="recipes_file").upload(
        "r.json", json.dumps(recipes).encode(), "application/json"
    ).run()
    assert not app.error
    app.button(key="start_study").click().run()
    assert [recipe.name for recipe in started[0].recipes] == ["half", ""]


def test_a_link_brings_recipes_once(show: Any, started: list[Started]) -> None:
    app = show("new", preset="own", recipes='[{"steps":[{"step":"magnitude_pruning","sparsity":0.7}]}]')
    assert not app.error
    app.run()
    app.button(key="start_study").click().run()
    assert [one.record().steps[0]["sparsity"] for one in started[0].recipes] == [0.7]


@pytest.mark.parametrize("content", [b"{", b'{"steps": [{"step": "prunee"}]}', b"\xff\xfe"])
def test_a_file_that_holds_no_recipes_is_refused(show: Any, started: list[Started], content: bytes) -> None:
    app = show("new", preset="own")
    app.file_uploader(key="recipes_file").upload("r.json", content, "application/json").run()
    assert not app.exception
    assert app.error
    app = show("new", preset="own", recipes=content.decode(errors="replace"))
    assert not app.exception and app.error


def test_own_recipes_that_lack_something_are_told_with_the_way_to_give_it(
    show: Any, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeslim.workbench.presets.available_needs", lambda *_, **__: frozenset())
    app = show("new", preset="own")
    app.session_state["edgeslim_recipes"] = [RecipeDraft(1, steps=[StepDraft(2, "static_int8")])]
    app.run()
    assert not app.exception
    assert "1 of 1" in app.warning[0].value and app.button(key="start_study").disabled
    assert "calibration images: 1" in " ".join(each.value for each in app.markdown)
    app.session_state["edgeslim_recipes"].append(RecipeDraft(3, steps=[StepDraft(4, "float16")]))
    app.run()
    assert "1 of 2" in app.warning[0].value and not app.button(key="start_study").disabled
    app.button(key="calibrate_here").click().run()
    assert app.query_params["calibration"] == "digits"
