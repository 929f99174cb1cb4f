"""Classes of datasets and models meet by name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgeslim.datasets import Relabelled, indices_of, map_classes, match_classes, unmatched_classes
from edgeslim.datasets.base import Split
from edgeslim.datasets.labels import check_classes
from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.detections import Annotations, Image, Target
from edgeslim.errors import DatasetError
from edgeslim.records import ClassMap


class Fixed:
    fingerprint = "abc"

    def __init__(self, *targets: Target) -> None:
        self.targets = targets

    def __len__(self) -> int:
        return len(self.targets)

    def image(self, index: int) -> Image:
        return np.full((2, 2, 3), index, np.uint8)

    def target(self, index: int) -> Target:
        return self.targets[index]

    def image_id(self, index: int) -> str:
        return f"image {index}"


def test_names_match_exactly_then_loosely() -> None:
    mapping = map_classes(
        ("dog", "Traffic_Light", "unicorn", "stop-sign"), ("stop sign", "traffic light", "dog")
    )
    assert mapping.tolist() == [2, 1, -1, 0]


def test_exact_name_wins_over_a_loose_one() -> None:
    assert map_classes(("Cat", "cat"), ("cat", "Cat")).tolist() == [1, 0]
    assert map_classes(("CAT",), ("cat", "Cat")).tolist() == [0]


@pytest.mark.parametrize("model_labels", [("person", "car"), ()])
def test_no_common_class_is_refused_naming_both(model_labels: tuple[str, ...]) -> None:
    with pytest.raises(DatasetError, match="knows RBC, WBC; the model knows") as caught:
        map_classes(("RBC", "WBC"), model_labels)
    assert caught.value.code == "no_common_labels"


def test_classes_that_are_not_scored_are_told() -> None:
    (notice,) = unmatched_classes(match_classes(("a", "b", "c"), ("B", "d")))
    assert notice.code == "classes_not_scored"
    assert notice.values == {"matched": 1, "total": 3, "count": 2, "labels": "a, c"}
    assert unmatched_classes(match_classes(("a", "b"), ("a", "b", "c"))) == []


def test_long_lists_of_classes_are_cut_short() -> None:
    (notice,) = unmatched_classes(match_classes([f"class {i}" for i in range(50)], ("x",)))
    assert str(notice.values["labels"]).endswith("class 4, …")


def test_what_is_said_of_classes_comes_before_their_names() -> None:
    matching = match_classes(
        ("car", "truck", "stop", "dog"), ("vehicle", "dog", "person"), (("truck", "vehicle"), ("dog", None))
    )
    assert matching.pairs == (("car", None), ("truck", "vehicle"), ("stop", None), ("dog", None))
    assert (matching.matched, matching.given) == (1, True)
    assert matching.dataset_only == ("car", "stop", "dog")
    assert matching.model_only == ("dog", "person")
    assert indices_of(matching).tolist() == [-1, 0, -1, -1]


def test_several_classes_of_the_data_may_be_one_of_the_models() -> None:
    assert map_classes(
        ("car", "truck"), ("vehicle",), (("car", "vehicle"), ("truck", "vehicle"))
    ).tolist() == [
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("given", "code", "choice"),
    [
        ((("cra", "vehicle"),), "class_not_in_dataset", "car"),
        ((("car", "vehicel"),), "class_not_in_model", "vehicle"),
    ],
)
def test_a_mapping_of_a_class_that_is_not_there_names_the_nearest(
    given: ClassMap, code: str, choice: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        match_classes(("car",), ("vehicle",), given)
    assert caught.value.code == code
    assert caught.value.values["choices"] == choice


@pytest.mark.parametrize(
    ("dataset", "model", "few"),
    [
        (("stop", "light", "speed", "zebra"), tuple(CLASSES), True),  # one of four
        (("stop", "yield", "speed", "zebra"), tuple(CLASSES), False),  # half of them
        (("person", *map(str, range(79))), ("person",), False),  # all that the model knows
        (("stop",), tuple(CLASSES), False),
    ],
)
def test_a_score_of_few_classes_has_to_be_asked_for(
    dataset: tuple[str, ...], model: tuple[str, ...], few: bool
) -> None:
    matching = match_classes(dataset, model)
    assert matching.few is few
    if not few:
        check_classes(matching)
        return
    with pytest.raises(DatasetError, match="Only 1 of the dataset's 4 classes") as caught:
        check_classes(matching)
    assert caught.value.code == "few_classes"
    proposal = tuple(json.loads(str(caught.value.values["lines"])).items())
    check_classes(match_classes(dataset, model, proposal))


def test_relabelled_boxes_are_in_the_models_classes() -> None:
    boxes = np.arange(12, dtype=np.float32).reshape(3, 4)
    known = Annotations(
        boxes, np.array([0, 1, 2]), np.array([False, True, True]), np.array([1, 2, 3], np.float32)
    )
    split = Relabelled(Fixed(known), np.array([5, -1, 0]))
    target = split.target(0)
    assert isinstance(split, Split)
    assert isinstance(target, Annotations)
    assert target.boxes.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert target.classes.tolist() == [5, 0]
    assert target.crowd.tolist() == [False, True]
    assert target.area.tolist() == [1, 3]
    assert known.classes.tolist() == [0, 1, 2]
    assert split.image(0).tolist() == np.zeros((2, 2, 3)).tolist()
    assert (len(split), split.image_id(0)) == (1, "image 0")


def test_relabelled_class_indices_and_unknown_targets() -> None:
    split = Relabelled(Fixed(0, 1, None), np.array([3, -1]))
    assert [split.target(i) for i in range(3)] == [3, None, None]


def test_mapping_is_part_of_the_fingerprint() -> None:
    prints = {Relabelled(Fixed(0), np.array(mapping)).fingerprint for mapping in ([0, 1], [1, 0], [0, -1])}
    assert len(prints) == 3
    assert Relabelled(Fixed(0), np.array([0, 1])).fingerprint in prints


def test_to_be_taught_unknown_boxes_are_crowds_and_no_background() -> None:
    boxes = np.array([[0, 0, 4, 4], [4, 4, 9, 9]], np.float32)
    split = Fixed(Annotations.of(boxes, np.array([0, 1])))
    mapping = map_classes(("dog", "unicorn"), ("cat", "dog"))
    plain, taught = Relabelled(split, mapping), Relabelled(split, mapping, taught=True)
    scored, target = plain.target(0), taught.target(0)
    assert isinstance(scored, Annotations) and isinstance(target, Annotations)
    assert (len(scored), scored.crowd.tolist()) == (1, [False])
    assert target.boxes.tolist() == boxes.tolist()
    assert (target.classes.tolist(), target.crowd.tolist()) == ([1, 0], [False, True])
    assert taught.fingerprint != plain.fingerprint, "what is learnt differs"
