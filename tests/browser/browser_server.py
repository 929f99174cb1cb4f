"""What the browser tests share: the app's server, the browser, and how patient to be."""

import os
import shutil

import pytest

from benchmarks.app_server import Server, serving

__all__ = ["PATIENCE", "PROBES", "Server", "chromium", "serving"]

PATIENCE = 120_000
"""Milliseconds; machines that run tests are busy."""
PROBES = "Failed to load resource: the server responded with a status of 404"
"""On a deep link Streamlit asks for two of its files under the page's path first."""


def chromium() -> str:
    """The browser; the one without windows first, since drawing the windows of the whole one takes a fifth of the time
    that a page does. Without any the test is skipped, but never in CI.
    """
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("CI has to test the screens, but there is no chromium here")
    pytest.skip("no chromium on this machine")
