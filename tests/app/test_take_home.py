"""What the page of a study gives to take home: a report, commands, a link."""

from typing import Any

import pytest

from edgeslim import workbench


@pytest.mark.parametrize(
    ("locale", "limits"), [("en-US", "Limits: fits 400 KB."), ("zh-CN", "下载体积不超过 400 KB。")]
)
def test_what_is_taken_home_has_the_limits_and_the_trial_of_the_page(
    show: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch, locale: str, limits: str
) -> None:
    asked: list[workbench.ReportSettings] = []
    monkeypatch.setattr(
        workbench, "report_ready", lambda study, settings: bool(asked.append(settings)) or True
    )
    app = show("study", locale, max_download="400", trial="3", take="1")
    assert not app.exception
    (settings,) = asked
    assert (settings.language, dict(settings.budget)) == (locale[:2], {"download": 400_000})
    assert (settings.trial, settings.short, settings.own_timing) == (3, False, False)
    assert any(limits in caption.value and "#3" in caption.value for caption in app.caption)
    codes = [each.value for each in app.code]
    name = world["name"]
    assert codes[0].splitlines()[0] == f"edgeslim study choose {name} --budget download=400000"
    assert "--trial 3" in codes[0].splitlines()[1]
    assert codes[2].endswith(f"/study?study={name}&max_download=400&trial=3")


def test_without_its_address_it_is_closed_and_asks_for_nothing(
    show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "report_ready", lambda *_: pytest.fail("nobody has asked for a report"))
    app = show("study", max_download="400")
    assert not app.exception and not app.code
    assert app.button(key="take_home").label == "Take home"


def test_a_new_study_is_told_as_a_command(show: Any, started: Any) -> None:
    app = show("new")
    app.button(key="take_run").click().run()
    assert not app.exception
    assert app.code[0].value == "edgeslim study run --model digits-cnn --data digits --preset quick"
