"""Which classes of a dataset are which of a model's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import CLASS_MAPS
from edgeslim.errors import DatasetError
from edgeslim.reading import parse_json
from edgeslim.records import ClassMap, ClassMatching, decoded
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


def same_classes(labels: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two files of the same outputs name the same classes, or one merely numbers as many."""
    from edgeslim.measurement.workload import placeholders

    numbered = placeholders(labels) or placeholders(others)
    return tuple(labels) == tuple(others) or (numbered and len(labels) == len(others))


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
        raise DatasetError("classes_unreadable", file=path, reason=error) from error
    if not isinstance(found, dict) or not all(
        value is None or isinstance(value, str) for value in found.values()
    ):
        raise DatasetError("classes_unreadable", file=path, reason="it is no object of names")
    return tuple(found.items())


def kept_classes(dataset: Sequence[str], model: Sequence[str], store: Store | None = None) -> ClassMap:
    """What was matched by hand between these classes: by this visitor, else at the machine; empty if nothing was."""
    store = store or Store()
    for who in dict.fromkeys((visitors.visitor(), None)):
        record = store.get_record(CLASS_MAPS, _classes_key(dataset, model, who))
        if record is not None:
            return decoded(ClassMap, record["classes"])
    return ()


def keep_classes(
    dataset: Sequence[str], model: Sequence[str], classes: ClassMap, store: Store | None = None
) -> None:
    """Match these classes so wherever they meet again, for this visitor; with no `classes`, by their names alone.

    What names say by themselves is not kept. Raises DatasetError where a class is not there.
    """
    from edgeslim.datasets.labels import match_classes

    match_classes(dataset, model, classes)
    store, key = store or Store(), _classes_key(dataset, model, visitors.visitor())
    named = dict(match_classes(dataset, model).pairs)
    told = [[name, known] for name, known in classes if named[name] != known]
    if told:
        store.put_record(CLASS_MAPS, key, {"classes": told})
    else:
        store.remove_record(CLASS_MAPS, key)


def _classes_key(dataset: Sequence[str], model: Sequence[str], who: str | None) -> str:
    decisive = json.dumps([list(dataset), list(model), who])
    return hashlib.sha256(decisive.encode()).hexdigest()[:32]


def classes_json(classes: ClassMap) -> str:
    """As `read_classes` takes it."""
    return json.dumps(dict(classes), ensure_ascii=False, indent=1)
