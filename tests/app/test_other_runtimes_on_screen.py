"""Where files were measured in a second runtime too, the screens offer its figures by name; notices are shown."""

import math
from typing import Any

import pytest
from app_world import advice


@pytest.fixture
def in_two(world: dict[str, Any]) -> dict[str, Any]:
    """Every measured file is as large in the runtime 'tiny', half the download, and three times as slow."""
    for trial in world["trials"]:
        if not trial.get("sizes"):
            continue
        latency = trial["latency"]
        trial["runtimes"] = {
            "tiny": {
                "version": "1",
                "format": "t",
                "suffix": ".t",
                "sha256": "b" * 64,
                "bytes": trial["sizes"]["file"],
                "download": trial["sizes"]["download"] // 2,
                "accuracy": trial["accuracy"],
                "fidelity": trial["fidelity"],
                "latency": latency and {**latency, "median_ms": 3 * latency["median_ms"]},
            }
        }
    return world


@pytest.mark.parametrize(
    ("locale", "name"), [("en-US", "Latency (tiny)"), ("zh-CN", "延迟（tiny）")], ids=("en", "zh")
)
def test_axis_column_and_measurements_name_the_runtime(
    show: Any, in_two: dict[str, Any], locale: str, name: str
) -> None:
    app = show("study", locale, x="latency.tiny", trial="12")
    assert not app.exception
    chosen = next(box for box in app.selectbox if box.key == "linked_x")
    assert chosen.value == "latency.tiny"
    assert any(name in option for option in chosen.options)
    frame = app.dataframe[0].value.set_index("number")
    kept = {trial["number"]: trial for trial in in_two["trials"]}
    assert frame.loc[12, "latency.tiny"] == pytest.approx(3 * kept[12]["latency"]["median_ms"])
    assert math.isfinite(frame.loc[12, "download.tiny"])
    assert any(name in row for table in app.table for row in table.value.iloc[:, 0])


def test_a_limit_in_the_runtime_chooses_the_file(show: Any, in_two: dict[str, Any]) -> None:
    app = show("study", **{"max_download.tiny": "65"})
    assert not app.exception
    assert "Download (tiny) of at most 65 KB" in advice(app)
    assert app.number_input(key="linked_max_download.tiny").value == 65.0


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en-US", "A plain onnxruntime session gives other outputs"), ("zh-CN", "21.3 dB")],
    ids=("en", "zh"),
)
def test_what_to_know_of_a_file_stands_in_its_panel(
    show: Any, world: dict[str, Any], locale: str, words: str
) -> None:
    (chosen,) = [trial for trial in world["trials"] if trial["number"] == 12]
    chosen["fidelity"]["plain_sqnr_db"] = 21.34
    shown = [each.value for each in show("study", locale, trial="12").caption]
    assert any(words in each for each in shown)
    assert not any(words in each.value for each in show("study", locale, trial="6").caption)
