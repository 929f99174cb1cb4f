"""Fixtures of many tests."""

from __future__ import annotations

from pathlib import Path

import linear_digits
import pytest


@pytest.fixture(scope="session")
def digits_weights() -> linear_digits.Weights:
    """Weight and bias of a linear classifier of the digits."""
    return linear_digits.solve()


@pytest.fixture
def digits_file(tmp_path: Path, digits_weights: linear_digits.Weights) -> Path:
    """A linear digits classifier as an ONNX file with its specification beside it."""
    return linear_digits.write(tmp_path / "linear.onnx", *digits_weights)
