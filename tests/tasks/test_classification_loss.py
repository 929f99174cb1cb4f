"""The loss of classifiers: cross-entropy of one output, and what is said of more than one."""

from __future__ import annotations

import math

import pytest
import torch

from edgeslim.errors import ModelError
from edgeslim.models.families.classifier import cross_entropy
from edgeslim.models.sample_networks import digit_spec


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    loss = cross_entropy([torch.zeros(3, 10)], [0, 4, 9], digit_spec())
    assert float(loss) == pytest.approx(math.log(10))


def test_several_outputs_are_refused_with_a_remedy() -> None:
    with pytest.raises(ModelError) as caught:
        cross_entropy([torch.zeros(1, 10), torch.zeros(1, 4)], [0], digit_spec())
    assert caught.value.code == "classifier_outputs"
    assert caught.value.values == {"outputs": 2}
    assert "by distillation" in str(caught.value)
