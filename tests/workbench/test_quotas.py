"""How much of a server each visitor gets: uploads that are kept, and errands of a public demo."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import pytest

from edgeslim import visitors, workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError
from edgeslim.jobs import errand, errand_turns
from edgeslim.jobs.errands import LookAtWeights
from edgeslim.workbench import access

Become = Callable[[str | None], None]


@pytest.fixture
def become() -> Iterator[Become]:
    """Work for a visitor of that name, or at the machine."""
    yield lambda who: visitors.ask(lambda: who)
    visitors.ask(lambda: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def photos(shade: int) -> bytes:
    picture, content = io.BytesIO(), io.BytesIO()
    PIL.Image.new("RGB", (20, 10), (shade, 20, 30)).save(picture, "PNG")
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.png", picture.getvalue())
    return content.getvalue()


def test_a_visitor_keeps_so_many_uploads_and_so_many_bytes(
    store: Store, digits_file: Path, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "KEPT_UPLOADS", 2)
    content = digits_file.read_bytes()
    become("anna")
    workbench.import_dataset(photos(1), name="photos", store=store)
    monkeypatch.setattr(access, "KEPT_BYTES", len(photos(1)) + len(content) - 1)
    with pytest.raises(AccessError, match="you keep 1 of") as caught:
        workbench.import_model(content, name="hers", store=store)
    assert caught.value.code == "upload_quota"
    monkeypatch.setattr(access, "KEPT_BYTES", 10_000_000)
    workbench.import_model(content, name="hers", store=store)
    with pytest.raises(AccessError, match="Delete what you no longer need"):
        workbench.import_dataset(photos(2), name="more", store=store)
    assert not list((store.root / "uploads").glob("*/more.zip")), "nothing is left behind"
    become("ben")
    workbench.import_dataset(photos(2), name="bens", store=store)
    become("anna")
    workbench.delete_dataset("photos", store)
    workbench.import_dataset(photos(2), name="more", store=store)
    become(None)
    monkeypatch.setattr(access, "KEPT_UPLOADS", 0)
    workbench.import_dataset(photos(3), name="at-the-machine", store=store)


def test_a_demo_runs_few_errands_and_few_of_each_visitor(
    store: Store, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: set[str] = set()

    def begin(sha256: str) -> None:
        errand.begin(store, LookAtWeights(who="s", sha256=sha256))

    def state(_: Store, key: str) -> SimpleNamespace | None:
        there = (errand.errand_folder(store, key) / "status.json").exists()
        return SimpleNamespace(state="complete" if key in ended else "running") if there else None

    monkeypatch.setattr(errand, "launch", lambda *_, **__: 1)
    monkeypatch.setattr(errand, "identity", lambda _: (1, ""))
    monkeypatch.setattr(errand, "status", state)
    for name in "abc":  # without the variable nobody counts
        become("anna")
        begin(name)
    monkeypatch.setenv(visitors.DEMO_VARIABLE, "1")
    begin("a")  # runs already
    for who, refused in (("anna", True), ("ben", False), ("ben", True), (None, True)):
        become(who)
        if refused:
            with pytest.raises(AccessError, match="Wait until one has ended") as caught:
                begin(f"by-{who}")
            assert caught.value.code == "demo_errands"
        else:
            begin(f"first-by-{who}")
    ended |= {LookAtWeights(who="", sha256=name).key for name in "abc"}
    become("ben")
    begin("second-by-ben")
    with pytest.raises(AccessError):
        begin("third-by-ben")
    become("anna")
    monkeypatch.setattr(errand_turns, "DEMO_ERRANDS_HOURLY", 3)
    with pytest.raises(AccessError) as caught:
        begin("later")
    assert caught.value.code == "demo_errands_hourly"
    become("carl")
    begin("carls")
