"""From page to page by the sidebar, whose links name nothing."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from edgeslim.ui.components.navigation import PAGES


def turn(app: AppTest, page: str) -> dict[str, Any]:
    """What the address tells after a click in the sidebar."""
    app.query_params.clear()
    app.switch_page(PAGES[page]).run()
    assert not app.exception
    return dict(app.query_params)


def test_the_file_that_was_looked_at_goes_along_by_the_sidebar(show: Any) -> None:
    app: AppTest = show("study", trial="12")
    assert [turn(app, page) for page in ("compare", "inspect", "deploy")] == [
        {"trials": "12"},
        {"trial": "12"},
        {"trial": "12"},
    ]
    app.query_params["trial"] = "0"
    app.run()
    assert turn(app, "compare") == {}, "the original stands beside every file there"
    assert turn(app, "study") == {"trial": "0"}
    app.query_params.clear()
    app.run()
    assert turn(app, "deploy") == {}, "nobody looks at it any more"
