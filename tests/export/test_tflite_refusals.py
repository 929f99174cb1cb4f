"""What LiteRT's converter refuses is said with the operator's name."""

from __future__ import annotations

import pytest

from edgeslim.export.tflite.convert import _operator


@pytest.mark.parametrize(
    ("message", "operator"),
    [
        ("Shapes differ\n\nWhile executing %conv2d_22 : [num_users=1] = call_function[target=f]", "conv2d"),
        ("While executing %max_pool2d : [num_users=1]", "max_pool2d"),
        ("Lowering not found: aten.nonzero.default", "nonzero"),
        ("failed to legalize operation stablehlo.custom_call", "custom_call"),
        ("out of luck", ""),
    ],
)
def test_the_operator_is_found_in_the_message(message: str, operator: str) -> None:
    assert _operator(message) == operator
