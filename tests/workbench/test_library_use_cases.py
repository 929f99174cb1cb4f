"""The library: another specification for a model, and what a study uses stays."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import DatasetError, ModelError, StudyError
from edgeslim.models import importing
from edgeslim.models.conversion import Converted
from edgeslim.models.library import open_model
from edgeslim.recipe import Recipe
from edgeslim.studies import storage
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.planning import planned


@pytest.fixture
def store(tmp_path: Path, digits_file: Path) -> Store:
    """With a model 'mine' and data 'photos' of a folder."""
    store = Store(tmp_path / "store")
    workbench.import_model(digits_file.read_bytes(), name="mine", store=store)
    return store


@pytest.fixture
def photos_zip() -> bytes:
    picture, content = io.BytesIO(), io.BytesIO()
    PIL.Image.new("RGB", (20, 10), (10, 20, 30)).save(picture, "PNG")
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.png", picture.getvalue())
    return content.getvalue()


def begun(store: Store, name: str = "s", **given: object) -> None:
    """A study that waits to be run."""
    plan = StudyPlan(name=name, model="mine", dataset="digits", model_name="mine", dataset_name="digits")
    storage.create(store, replace(plan, **given), planned([Recipe()]))


def test_another_specification_holds_for_later_studies_and_not_for_those_that_exist(store: Store) -> None:
    former = workbench.model_spec("mine", store=store)
    begun(store)
    wanted = replace(former, scale=0.5)
    workbench.respecify_model("mine", wanted, store)
    assert workbench.model_spec("mine", store=store) == wanted
    plan = workbench.study_plan("s", store)
    assert plan.spec == former
    kept = workbench.describe_model("mine", plan.spec, store)
    assert kept.sha256 == workbench.describe_model("mine", store=store).sha256, (
        "the same file, so the same stages"
    )


def test_a_network_by_its_name_that_brings_another_specification_leaves_studies_theirs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = workbench.model_spec("mine", store=store)
    begun(store)
    brought = Converted(open_model("mine", store).path.read_bytes())
    wanted = replace(former, scale=0.5)
    monkeypatch.setattr(importing, "application", lambda *_, **__: (brought, wanted))
    assert workbench.import_application("VGG16", name="mine", store=store).spec == wanted
    assert workbench.study_plan("s", store).spec == former


def test_a_study_with_a_specification_of_its_own_keeps_it(store: Store) -> None:
    own = replace(workbench.model_spec("mine", store=store), scale=2.0)
    begun(store, spec=own)
    workbench.respecify_model("mine", replace(own, scale=0.5), store)
    assert workbench.study_plan("s", store).spec == own


def test_a_specification_that_does_not_fit_the_file_is_refused_and_nothing_changes(store: Store) -> None:
    former = workbench.model_spec("mine", store=store)
    with pytest.raises(ModelError):
        workbench.respecify_model("mine", replace(former, labels=former.labels[:3]), store)
    assert workbench.model_spec("mine", store=store) == former


def test_what_comes_with_edgeslim_is_copied_not_changed(store: Store) -> None:
    spec = workbench.model_spec("digits-mlp", store=store)
    with pytest.raises(ModelError) as caught:
        workbench.respecify_model("digits-mlp", replace(spec, scale=2.0), store)
    assert caught.value.code == "model_not_imported"
    assert workbench.copy_model("digits-mlp", "other", replace(spec, scale=2.0), store) == "other"
    assert workbench.model_spec("other", store=store).scale == 2.0
    with pytest.raises(ModelError) as caught:
        workbench.copy_model("digits-mlp", "other", spec, store)
    assert caught.value.code == "model_name_taken"


def test_what_a_study_uses_is_neither_deleted_nor_renamed_and_the_study_is_named(
    store: Store, tmp_path: Path
) -> None:
    begun(store, "first-study", dataset=str(tmp_path / "x"))
    for act in (
        lambda: workbench.delete_model("mine", store),
        lambda: workbench.rename_model("mine", "yours", store),
    ):
        with pytest.raises(StudyError, match="first-study") as caught:
            act()
        assert caught.value.code == "in_use_by_studies"
    workbench.delete_study("first-study", store)
    workbench.rename_model("mine", "yours", store)
    assert workbench.model_spec("yours", store=store).family == "classifier"
    workbench.delete_model("yours", store)
    with pytest.raises(ModelError):
        workbench.model_spec("yours", store=store)


def test_a_teacher_in_a_recipe_is_used_too(store: Store) -> None:
    begun(store, model="digits-mlp")
    record = storage.read(store, "s").trials[0].recipe
    taught = replace(record, steps=({"step": "distillation", "teacher": "mine"},))
    journal = storage.StudyJournal(store, "s")
    journal.add([storage.PlannedTrial(taught, "taught", "f" * 64)])
    assert workbench.studies_of_model("mine", store) == ("s",)


def test_a_deleted_upload_takes_its_files_along_and_a_folder_of_ones_own_stays(
    store: Store, tmp_path: Path, photos_zip: bytes
) -> None:
    workbench.import_dataset(photos_zip, name="photos", store=store)
    (listed,) = [each for each in workbench.list_datasets(store) if each.name == "photos"]
    assert listed.path is not None and Path(listed.path).exists()
    begun(store, dataset=listed.path)
    with pytest.raises(StudyError) as caught:
        workbench.delete_dataset("photos", store)
    assert caught.value.code == "in_use_by_studies"
    workbench.rename_dataset("photos", "pictures", store)
    assert workbench.studies_of_dataset("pictures", store) == ("s",)
    workbench.delete_study("s", store)
    workbench.delete_dataset("pictures", store)
    assert not Path(listed.path).exists() and not list((store.root / "datasets" / "archives").glob("*"))
    with pytest.raises(DatasetError) as caught:
        workbench.delete_dataset("digits", store)
    assert caught.value.code == "dataset_not_imported"
