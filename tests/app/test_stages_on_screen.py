"""What each stage of a recipe saved and cost, on the screen."""

from copy import deepcopy
from typing import Any

import pytest
from app_world import Own

from edgeslim import workbench
from edgeslim.errors import StudyError
from edgeslim.studies.study import StudyResult


@pytest.fixture(autouse=True)
def known_steps(world: dict[str, Any]) -> None:
    """The recipe of trial 12 as the steps of today have it."""
    world["trials"][12]["recipe"]["steps"] = [
        {"step": "magnitude_pruning", "sparsity": 0.8},
        {"step": "fine_tuning", "steps": 100},
        {"step": "static_int8"},
    ]


def words(app: Any) -> str:
    assert not app.exception
    return "\n".join(str(each.value) for kind in (app.markdown, app.caption, app.info) for each in kind)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("trial", ["0", "1", "14"])
def test_what_has_nothing_to_take_apart_says_what_would_be_here(show: Any, locale: str, trial: str) -> None:
    app = show("study", locale, section="stages", trial=trial)
    assert not app.exception
    assert any("two steps" in each.value or "两个以上步骤" in each.value for each in app.info)
    assert not [button for button in app.button if button.key == "start_ablation"]


def test_the_studys_own_files_are_told_before_anything_is_computed(show: Any) -> None:
    found = words(show("study", section="stages", trial="12"))
    assert "**#12**: Magnitude pruning → Fine-tuning → Static int8" in found
    assert "more files tell the rest" in found


def test_a_recipe_that_today_cannot_be_read_says_why(show: Any, world: dict[str, Any]) -> None:
    world["trials"][12]["recipe"]["steps"][1]["epochs"] = 4
    app = show("study", section="stages", trial="12")
    assert not app.exception
    assert "no parameter “epochs”" in app.error[0].value


@pytest.fixture
def apart(own: Own, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The study that takes trial 12 apart; it is there once it has a name."""
    found = {**deepcopy(own.study), "name": ""}
    whole = workbench.study_result

    def version(name: str) -> str:
        if name not in (own.study["name"], found["name"]):
            raise StudyError("no_study", name=name)
        return f"{name} {found['state']}"

    def read(name: str) -> StudyResult:
        return StudyResult.from_json(found) if name == found["name"] else whole(name)

    monkeypatch.setattr(workbench, "ablation_name", lambda plan, recipe: "ablation-x")
    monkeypatch.setattr(workbench, "study_version", version)
    monkeypatch.setattr(workbench, "study_result", read)
    return found


def test_an_ablation_is_started_with_the_studys_own_model_and_images(
    apart: dict[str, Any], show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        workbench, "start_ablation", lambda plan, recipe: asked.append((plan.model, recipe.steps))
    )
    app = show("study", section="stages", trial="12")
    app.button(key="start_ablation").click().run()
    assert not app.exception
    ((model, steps),) = asked
    assert (model, [step["step"] for step in steps]) == (
        "street-signs-medium",
        ["magnitude_pruning", "fine_tuning", "static_int8"],
    )


def test_a_running_ablation_is_watched_and_can_be_stopped_and_resumed(
    apart: dict[str, Any], own: Own, show: Any
) -> None:
    apart.update(name="ablation-x", state="running")
    own.status.update(state="running", phase="trials", done=3, total=7)
    app = show("study", section="stages", trial="12")
    assert not app.exception
    assert any("3 of 7" in bar.text for bar in app.get("progress"))
    app.button(key="cancel_ablation").click().run()
    assert own.calls == [("cancel", "ablation-x")]
    apart.update(state="interrupted")
    app = show("study", section="stages", trial="12")
    app.button(key="resume_ablation").click().run()
    assert own.calls[1:] == [("resume", "ablation-x")]
