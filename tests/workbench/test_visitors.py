"""What visitors bring is theirs; what a public demo refuses, it refuses in the workbench."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest

from edgeslim import visitors, workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError, DatasetError, ModelError, StudyError
from edgeslim.jobs import supervisor
from edgeslim.recipe import Recipe
from edgeslim.studies import storage
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.access import claim_study, require_turn, within_demo
from edgeslim.workbench.planning import planned

Become = Callable[[str | None], None]


@pytest.fixture
def become() -> Iterator[Become]:
    """Work for a visitor of that name, or at the machine."""
    yield lambda who: visitors.ask(lambda: who)
    visitors.ask(lambda: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(visitors.DEMO_VARIABLE, "1")


def photos() -> bytes:
    picture, content = io.BytesIO(), io.BytesIO()
    PIL.Image.new("RGB", (20, 10), (10, 20, 30)).save(picture, "PNG")
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.png", picture.getvalue())
    return content.getvalue()


def names(store: Store) -> tuple[set[str], set[str]]:
    """Of imported models and datasets."""
    models = {each.name for each in workbench.list_models(store) if each.origin == "imported"}
    return models, {each.name for each in workbench.list_datasets(store) if each.origin == "imported"}


def test_an_upload_is_seen_by_its_visitor_and_at_the_machine_until_it_is_shared(
    store: Store, digits_file: Path, become: Become
) -> None:
    become("anna")
    workbench.import_model(digits_file.read_bytes(), name="hers", store=store)
    workbench.import_dataset(photos(), name="photos", store=store)
    assert names(store) == ({"hers"}, {"photos"})
    become("ben")
    assert names(store) == (set(), set())
    with pytest.raises(ModelError, match="no model named “hers”"):
        workbench.stored_model("hers", store)
    with pytest.raises(DatasetError) as caught:
        workbench.gallery_images("photos", store=store)
    assert caught.value.code == "no_dataset" and "photos" not in caught.value.values["choices"]
    become(None)
    assert names(store) == ({"hers"}, {"photos"})
    become("anna")
    workbench.share_model("hers", True, store)
    workbench.share_dataset("photos", True, store)
    become("ben")
    assert names(store) == ({"hers"}, {"photos"})
    assert workbench.model_spec("hers", store=store).family == "classifier"


def test_only_its_visitor_changes_an_upload_and_nobody_takes_its_name(
    store: Store, digits_file: Path, become: Become
) -> None:
    become("anna")
    workbench.import_model(digits_file.read_bytes(), name="hers", shared=True, store=store)
    spec = workbench.model_spec("hers", store=store)
    become("ben")
    for act in (
        lambda: workbench.delete_model("hers", store),
        lambda: workbench.rename_model("hers", "mine", store),
        lambda: workbench.respecify_model("hers", replace(spec, scale=2.0), store),
        lambda: workbench.share_model("hers", False, store),
    ):
        with pytest.raises(AccessError) as caught:
            act()
        assert caught.value.code == "not_yours"
    again = workbench.import_model(
        digits_file.read_bytes(), name="hers", spec=replace(spec, scale=2.0), store=store
    )
    assert again.spec == spec == workbench.model_spec("hers", store=store), "listed once, as its owner has it"
    become("anna")
    workbench.delete_model("hers", store)
    assert names(store)[0] == set()


def test_what_is_brought_at_the_machine_is_everybodys_and_stays(
    store: Store, digits_file: Path, become: Become
) -> None:
    workbench.import_model(digits_file.read_bytes(), name="given", store=store)
    become("anna")
    assert names(store)[0] == {"given"}
    with pytest.raises(AccessError):
        workbench.delete_model("given", store)


def test_paths_of_the_server_are_named_only_at_the_machine(
    store: Store, digits_file: Path, tmp_path: Path, become: Become
) -> None:
    become("anna")
    for act in (
        lambda: workbench.import_dataset(tmp_path, name="photos", store=store),
        lambda: workbench.import_model(digits_file, store=store),
        lambda: workbench.stored_model(str(digits_file), store),
        lambda: workbench.typed_path(str(tmp_path)),
    ):
        with pytest.raises(AccessError) as caught:
            act()
        assert caught.value.code == "not_at_machine"


def begun(store: Store, name: str, **given: object) -> None:
    """A study that waits to be run, as `start_study` begins it."""
    plan = replace(StudyPlan(name=name, model="digits-mlp", dataset="digits"), **given)
    claim_study(plan, store)
    storage.create(store, plan, planned([Recipe()]))


def test_a_study_of_somebodys_upload_is_seen_by_who_may_see_the_upload(
    store: Store, digits_file: Path, become: Become
) -> None:
    become("anna")
    workbench.import_model(digits_file.read_bytes(), name="hers", store=store)
    begun(store, "private", model="hers", model_name="hers")
    begun(store, "open")
    become("ben")
    assert set(workbench.study_versions(store)) == {"open"}
    assert [each.name for each in workbench.list_studies(store)] == ["open"]
    for act in (
        workbench.study_version,
        workbench.study_result,
        workbench.study_plan,
        workbench.delete_study,
    ):
        with pytest.raises(StudyError) as caught:
            act("private", store)
        assert caught.value.code == "no_study"
    become("anna")
    workbench.share_model("hers", True, store)
    become("ben")
    assert set(workbench.study_versions(store)) == {"open", "private"}
    become(None)
    assert workbench.study_plan("private", store).model == "hers"


def test_only_who_started_a_study_stops_adds_to_and_deletes_it(store: Store, become: Become) -> None:
    become("anna")
    begun(store, "hers")
    become("ben")
    assert not workbench.may_change_study("hers", store)
    for act in (
        lambda: workbench.cancel_study("hers", store),
        lambda: workbench.pause_study("hers", store),
        lambda: workbench.resume_study("hers", store),
        lambda: workbench.retry_study("hers", store),
        lambda: workbench.extend_study("hers", [], store),
        lambda: workbench.improve_study("hers", minutes=1, store=store),
        lambda: workbench.delete_study("hers", store),
    ):
        with pytest.raises(AccessError) as caught:
            act()
        assert caught.value.code == "not_yours"
    become("anna")
    workbench.delete_study("hers", store)
    assert workbench.study_versions(store) == {}


def test_a_recipe_cannot_learn_from_somebody_elses_model(
    store: Store, digits_file: Path, become: Become
) -> None:
    become("anna")
    workbench.import_model(digits_file.read_bytes(), name="hers", store=store)
    become("ben")
    recipe = workbench.read_recipe({"steps": [{"step": "distil_from_teacher", "teacher": "hers"}]})
    with pytest.raises(ModelError, match="hers"):
        workbench.start_study(StudyPlan(model="digits-mlp", dataset="digits"), [recipe], store=store)
    assert storage.names(store) == []


@pytest.mark.usefixtures("demo")
def test_a_demo_imports_renames_changes_and_deletes_nothing_for_anybody(
    store: Store, digits_file: Path, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(visitors.DEMO_VARIABLE)
    become("anna")
    workbench.import_model(digits_file.read_bytes(), name="hers", store=store)
    workbench.import_dataset(photos(), name="photos", store=store)
    begun(store, "study")
    spec = workbench.model_spec("hers", store=store)
    monkeypatch.setenv(visitors.DEMO_VARIABLE, "1")
    refused = {
        "import": [
            lambda: workbench.import_model(digits_file.read_bytes(), name="more", store=store),
            lambda: workbench.recognised_spec(digits_file.read_bytes(), "more.onnx", store),
            lambda: workbench.import_dataset(photos(), name="more", store=store),
            lambda: workbench.copy_model("hers", "more", spec, store),
            lambda: workbench.download_model("yolox-nano", store),
        ],
        "rename": [
            lambda: workbench.rename_model("hers", "more", store),
            lambda: workbench.rename_dataset("photos", "more", store),
        ],
        "delete": [
            lambda: workbench.delete_model("hers", store),
            lambda: workbench.delete_dataset("photos", store),
            lambda: workbench.delete_study("study", store),
        ],
        "change": [lambda: workbench.respecify_model("hers", replace(spec, scale=2.0), store)],
    }
    for who in ("anna", None):
        become(who)
        for change, acts in refused.items():
            for act in acts:
                with pytest.raises(AccessError) as caught:
                    act()
                assert caught.value.code == f"demo_{change}"
        assert names(store) == ({"hers"}, {"photos"})
    become("ben")
    assert names(store) == (set(), set())


@pytest.mark.usefixtures("demo")
def test_a_demo_cuts_time_and_runs_few_studies_at_once(
    store: Store, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, search = within_demo(
        StudyPlan(model="m", dataset="d", minutes=90, seeds=5), SearchRun(minutes=60, trials=3)
    )
    assert (plan.minutes, plan.seeds, search and search.minutes) == (10, 1, 10)
    assert within_demo(StudyPlan(model="m", dataset="d", minutes=2), None)[0].minutes == 2
    with pytest.raises(AccessError):
        within_demo(StudyPlan(model="m", dataset="d", cluster="tcp://elsewhere:8786"), None)
    running: set[str] = set()
    monkeypatch.setattr(supervisor, "state", lambda _, name: "running" if name in running else "waiting")
    for who in ("anna", "ben"):
        become(who)
        begun(store, f"of-{who}")
        require_turn(store)
    running |= {"of-ben"}
    for who, free in (("anna", True), ("ben", False), (None, True)):
        become(who)
        if free:
            require_turn(store)
        else:
            with pytest.raises(AccessError, match="one for each visitor"):
                require_turn(store)
    running |= {"of-anna"}
    become(None)
    with pytest.raises(AccessError):
        workbench.start_study(StudyPlan(model="digits-mlp", dataset="digits"), store=store)


def test_a_matching_by_hand_is_its_visitors_and_that_of_the_machine_holds_for_all_others(
    store: Store, become: Become
) -> None:
    data, model = ("halt", "car"), ("stop", "car")
    workbench.keep_classes(data, model, (("halt", "stop"), ("car", "car")), store)
    become("anna")
    assert workbench.kept_classes(data, model, store) == (("halt", "stop"),), "what names say is not kept"
    workbench.keep_classes(data, model, (("car", None),), store)
    assert workbench.kept_classes(data, model, store) == (("car", None),)
    become("ben")
    assert workbench.kept_classes(data, model, store) == (("halt", "stop"),)
    with pytest.raises(DatasetError):
        workbench.keep_classes(data, model, (("halt", "lorry"),), store)
