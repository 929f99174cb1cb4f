"""Where the official package of the runtime for browsers lies, if it was fetched for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[1] / ".packages"


def package() -> Path:
    """The tarball; without it the test is skipped, since tests use no network."""
    found = next(PACKAGES.glob("onnxruntime-web-*.tgz"), None)
    if found is None:
        pytest.skip(
            "no package of the runtime for browsers; fetch it into .packages: npm pack onnxruntime-web@1.30.0"
        )
    return found
