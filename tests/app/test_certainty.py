"""What the study's page says about how sure its results are, in both languages."""

from typing import Any

import pytest


def words(app: Any) -> str:
    assert not app.exception
    return "\n".join(element.value for element in app.markdown).replace("\\", "")


@pytest.fixture
def sure(world: dict[str, Any]) -> dict[str, Any]:
    world["groups"] = {
        "metric": "mAP",
        "level": 0.95,
        "images": 304,
        "compared": [0, 1, 3, 12],
        "errors": [[], [0.002], [0.02, 0.002], [0.004, 0.004, 0.004]],
        "critical": 2.5,
        "alike": [[0, 1, 3], [12]],
        "best": [0, 1],
    }
    claim = {
        "number": 12, "chosen": 0.6441, "value": 0.6301, "ci95": [0.60, 0.66], "paired_delta": -0.03,
        "paired_ci95": [-0.05, -0.01], "optimism": 0.014, "optimism_ci95": [-0.02, 0.05],
        "change_optimism": 0.007, "change_optimism_ci95": [-0.01, 0.02],
    }  # fmt: skip
    mean = {"value": 0.007, "ci95": [-0.01, 0.02]}
    world["held_out"] = {"metric": "mAP", "images": 96, "looks": 2, "optimism": mean, "trials": [claim]}
    return world


@pytest.mark.parametrize(
    ("locale", "unknown", "none"),
    [("en-US", "earlier version", "No images were held out"), ("zh-CN", "较早的版本", "没有留出图像")],
)
def test_a_study_of_an_earlier_version_says_what_it_cannot_say(
    show: Any, world: dict[str, Any], locale: str, unknown: str, none: str
) -> None:
    found = words(show("study", locale, section="certainty"))
    assert unknown in found
    assert none in found


def test_groups_and_what_it_would_take_to_tell_them_apart(show: Any, sure: dict[str, Any]) -> None:
    found = words(show("study", section="certainty", trial="3"))
    assert "Cannot be told apart on 304 images, at 95 % for all pairs together" in found
    assert "Could be the best by mAP: #0" in found
    assert "That is within noise: with " in found
    assert "They differ." in words(show("study", section="certainty", trial="12"))
    assert "差异在误差范围内" in words(show("study", "zh-CN", section="certainty", trial="3"))


def test_more_images_than_anybody_labels_are_not_counted(
    show: Any, world: dict[str, Any], sure: dict[str, Any]
) -> None:
    original, same = (world["trials"][number]["accuracy"] for number in (0, 3))
    same["mAP"] = original["mAP"] + 1e-6
    found = words(show("study", section="certainty", trial="3"))
    assert "more than 1,000,000 images would be needed" in found


def test_held_out_scores_are_shown_with_the_optimism_of_choosing(show: Any, sure: dict[str, Any]) -> None:
    app = show("study", section="certainty")
    found = words(app)
    assert "On 96 held-out images" in found
    assert "original: +0.7 points (95 % interval −1.0 … +2.0), the mean" in found
    assert "2 times: they are no longer quite unseen" in found
    table = app.dataframe[0].value
    assert list(table.iloc[0])[2:] == [
        "64.4",
        "63.0 (60.0 … 66.0)",
        "−3.0 (−5.0 … −1.0)",
        "+0.7 (−1.0 … +2.0)",
    ]


def test_images_that_are_still_to_be_scored_are_announced(show: Any, sure: dict[str, Any]) -> None:
    sure["held_out"] = {"metric": None, "images": 96, "looks": 0, "optimism": None, "trials": []}
    assert "96 validation images are held out; the best files are scored" in words(
        show("study", section="certainty")
    )


def test_a_busy_machine_and_the_spread_of_seeds_are_told(show: Any, world: dict[str, Any]) -> None:
    by_number = {trial["number"]: trial for trial in world["trials"]}
    by_number[3]["latency"]["ratio_ci95"] = [0.6, 0.9]
    by_number[4]["recipe"] = {**by_number[3]["recipe"], "seed": 1}
    found = words(show("study", section="certainty"))
    assert "latency ratio is wider than ±10 % for #3" in found
    assert "2 seeds: mAP " in found
    assert "2 个随机种子" in words(show("study", "zh-CN", section="certainty"))
