"""What a step declares is enough for forms, documents, searches and checks: `edgeslim steps --json`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from step_cases import bounds

from edgeslim.cli.main import main
from edgeslim.errors import EdgeSlimError
from edgeslim.params import Param, parameters
from edgeslim.recipe import Recipe
from edgeslim.steps import STEPS
from edgeslim.steps.pruning import ChannelPruning
from said import said

EFFECTS = {"file", "download", "memory", "latency", "accuracy"}
PURE_NUMBERS = {"learning_rate", "ema_decay", "temperature", "alpha", "beta", "background"}
"""Numbers that have no unit."""


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    import contextlib
    import io

    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert main(["steps", "--json", "--store", str(tmp_path_factory.mktemp("store"))]) == 0
    return {step["name"]: step for step in json.loads(told.getvalue())}


@pytest.mark.parametrize("name", STEPS.names())
def test_the_shell_lists_source_bounds_and_units(name: str, listed: dict[str, dict[str, Any]]) -> None:
    told = listed[name]
    assert all(told[key] for key in ("summary", "source", "group", "changes"))
    assert set(told["changes"]) <= EFFECTS
    assert len(told["summary"]) < 160
    for item in told["parameters"]:
        assert item["help"], item["name"]
        assert item["type"] in ("int", "float", "bool", "str")
        if item["choices"] is not None or item["type"] == "bool":
            continue
        assert item["low"] is not None and item["high"] is not None, item["name"]
        if item["type"] != "str":
            assert item["low"] <= item["default"] <= item["high"], item["name"]
        unitless = item["name"] in PURE_NUMBERS or item["name"].endswith("_weight")
        assert bool(item["unit"]) != unitless, item["name"]


@pytest.mark.parametrize("name", STEPS.names())
def test_step_goes_through_json_and_back(name: str) -> None:
    cls = STEPS.get(name)
    values = [{}, *({item.name: value} for item in parameters(cls) for value in bounds(item))]
    for given in values:
        recipe = Recipe((ChannelPruning(), cls(**given)), seed=3)
        assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize("name", STEPS.names())
def test_a_resolved_step_stays_as_it_is(name: str) -> None:
    step = STEPS.get(name)()
    assert step.resolve().resolve() == step.resolve()


@pytest.mark.parametrize("name", STEPS.names())
def test_values_outside_the_bounds_are_refused(name: str) -> None:
    cls = STEPS.get(name)
    for item in parameters(cls):
        for value in outside(item):
            with pytest.raises(EdgeSlimError) as caught:
                cls(**{item.name: value})
            assert caught.value.values["parameter"] == item.name
            assert said(caught.value)


def outside(item: Param) -> list[object]:
    if item.choices is not None:
        return ["no such choice"]
    if item.type is bool:
        return ["yes", 1]
    assert item.low is not None and item.high is not None
    if item.type is str:
        return ["x" * int(item.low - 1), "x" * int(item.high + 1), 3]
    return [item.type(item.low - 1), item.type(item.high + 1), "3", float("nan")]


@pytest.mark.parametrize("name", STEPS.names())
def test_what_a_parameter_depends_on_is_another_one_of_the_step(name: str) -> None:
    declared = {each.name: each for each in STEPS.get(name).describe().parameters}
    for each in declared.values():
        if each.when is None:
            continue
        other, *values = each.when
        choices = declared[other].choices or (True, False)
        assert other != each.name and set(values) & set(choices), each.name
        assert set(choices) - set(values), f"{each.name} would always matter"
