"""A detector's outputs read by a graph say what our own decoding says."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.errors import ModelError
from edgeslim.export.decoding import BOXES, SCORES, decoding_graph
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.ort import open_session
from family_examples import EXAMPLES, spec_of

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("family", EXAMPLES)
def test_a_graph_finds_the_scores_classes_and_boxes_that_numpy_finds(family: str) -> None:
    example = EXAMPLES[family]()
    spec = spec_of(family, example)
    session = open_session(decoding_graph([output.shape for output in example.outputs], spec))
    noise = [RANDOM.uniform(0.05, 0.95, output.shape).astype(np.float32) for output in example.outputs]
    # Rows that were suppressed already hold whole numbers as classes.
    for outputs in (example.outputs,) if family == "end_to_end" else (example.outputs, noise):
        feeds = {each.name: outputs[int(each.name.removeprefix("output"))] for each in session.inputs}
        scores, boxes = session.values(feeds, [SCORES, BOXES])
        wanted_boxes, wanted_scores, wanted_classes = FAMILIES.get(family).decode(outputs, spec)
        rows, classes = np.nonzero(scores[0] >= np.float32(spec.confidence))
        assert len(rows) == len(wanted_scores) > 0
        found = np.lexsort((classes, *np.round(boxes[0, rows].T, 2)))
        known = np.lexsort((wanted_classes, *np.round(wanted_boxes.T, 2)))
        np.testing.assert_array_equal(classes[found], wanted_classes[known])
        np.testing.assert_allclose(scores[0, rows, classes][found], wanted_scores[known], rtol=1e-5)
        np.testing.assert_allclose(boxes[0, rows][found], wanted_boxes[known], atol=2e-3)


def test_equal_outputs_and_specifications_give_equal_bytes() -> None:
    example = EXAMPLES["gfl"]()
    shapes, spec = [output.shape for output in example.outputs], spec_of("gfl", example)
    assert decoding_graph(shapes, spec) == decoding_graph(shapes, spec)


def test_what_no_family_reads_is_refused() -> None:
    unknown = ModelSpec(input_width=96, input_height=64)
    wrong = spec_of("yolox", EXAMPLES["yolox"]())
    for shapes, spec in (([(1, 10, 6)], unknown), ([(1, 7, 9)], wrong)):
        with pytest.raises(ModelError, match="cannot be read by a graph") as caught:
            decoding_graph(shapes, spec)
        assert caught.value.code == "no_decoding"
