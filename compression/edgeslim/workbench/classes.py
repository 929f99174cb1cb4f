"""Which classes of a dataset are which of a model's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.errors import DatasetError
from edgeslim.reading import parse_json
from edgeslim.records import ClassMap, ClassMatching
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.datasets import DatasetInfo, describe_dataset, list_datasets

_MAX_CLASSES_BYTES = 1 << 20


def matching_of(dataset: DatasetInfo, labels: Sequence[str], classes: ClassMap = ()) -> ClassMatching | None:
    """Which of the dataset's classes are which of a model with these labels; None where one of them names none.

    A model that merely numbers as many takes the dataset's names. Raises DatasetError where `classes` names another one.
    """
    from edgeslim.datasets.labels import match_classes
    from edgeslim.measurement.workload import placeholders

    if not dataset.labels or not labels or not dataset.has_labels:
        return None
    if not classes and placeholders(labels) and len(labels) == len(dataset.labels):
        labels = dataset.labels
    return match_classes(dataset.labels, labels, classes)


def check_plan_classes(plan: StudyPlan, labels: Sequence[str], store: Store) -> None:
    """Raise DatasetError if the plan's mapping names a class that is not there, or few classes match and it has none.

    Data that cannot be read are no matter here: the study says so.
    """
    from edgeslim.datasets.labels import check_classes

    listed = {name: each for each in list_datasets(store) for name in (each.name, each.path) if name}
    dataset = listed.get(plan.dataset)
    with suppress(DatasetError):
        dataset = dataset or describe_dataset(plan.dataset, store)
    if dataset is not None:
        check_classes(matching_of(dataset, labels, plan.classes))


def read_classes(path: Path) -> ClassMap:
    """A mapping of classes from a JSON file: {"the dataset's": "the model's", "another": null}. Raises DatasetError."""
    try:
        with path.open("rb") as file:
            found = parse_json(file.read(_MAX_CLASSES_BYTES))
    except (OSError, ValueError) as error:
        raise _no_mapping(path, error) from error
    if not isinstance(found, dict) or not all(
        value is None or isinstance(value, str) for value in found.values()
    ):
        raise _no_mapping(path, "it is no object of names")
    return tuple(found.items())


def _no_mapping(path: Path, reason: object) -> DatasetError:
    return DatasetError(
        "classes_unreadable",
        f"'{path}' holds no mapping of classes ({reason}).",
        'Write it as {"class of the dataset": "class of the model", "one that the model does not know": null}.',
        file=path,
        reason=reason,
    )
