"""Studies of the linear digits classifier, run by real processes that know a step made for tests."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from acting import acting, pictures, registered
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import StudyError
from edgeslim.jobs.status import read_status
from edgeslim.recipe import Recipe
from edgeslim.runtime import FILE_FORMATS, RUNTIMES
from edgeslim.studies import storage
from edgeslim.studies.study import StudyPlan, StudyResult
from reference_runtime import Coarse, Reference

ROOT = Path(__file__).parents[2]
SECONDS = 90.0


class Case:
    """A store, a model, and what the studies in it did."""

    def __init__(self, store: Store, model: Path, pictures: Path, log: Path) -> None:
        self.store, self.model, self.pictures, self._log = store, model, pictures, log

    @staticmethod
    def recipe(*steps: dict[str, Any]) -> Recipe:
        """A recipe of steps made for tests, given their parameters."""
        return Recipe.from_json({"steps": [{"step": "act", **step} for step in steps]})

    def start(
        self,
        *changes: dict[str, Any] | list[dict[str, Any]],
        name: str = "s",
        workers: int = 2,
        data: str | Path | None = None,
        **limits: Any,
    ) -> str:
        """A study of one recipe for each argument: the parameters of its step, or a list of such.

        Without `data` on unlabelled pictures, which open faster than the digits. `limits` are a trial's.
        """
        plan = StudyPlan(
            model=str(self.model),
            dataset=str(data or self.pictures),
            name=name,
            workers=workers,
            limit=60,
            **limits,
        )
        recipes = [self.recipe(*(each if isinstance(each, list) else [each])) for each in changes]
        return workbench.start_study(plan, recipes, store=self.store)

    def ran(self) -> list[float]:
        """The changes of all steps that ran, in their order."""
        return [float(line) for line in self._log.read_text().split()] if self._log.exists() else []

    def wait(self, until: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not until():
            if time.monotonic() > deadline:
                log = self.store.root / "studies" / "s" / "log.txt"
                raise AssertionError(f"not within {SECONDS} s: {what}\n{log.read_text()}")
            time.sleep(0.05)

    def finish(self, name: str = "s") -> StudyResult:
        """Wait for the study's end; return it."""
        self.wait(lambda: workbench.study_status(name, self.store).state != "running", "the study's end")
        return workbench.study_result(name, self.store)

    def finish_without_repeats(self, changes: list[float], repeated: int = 0) -> None:
        """To the end of study s: all is complete, under the numbers given, and at most `repeated` steps ran again."""
        study = self.finish()
        assert (study.state, study.error) == ("complete", None)
        assert [(trial.number, trial.state) for trial in study.trials] == [
            (number, "complete") for number in range(len(changes) + 1)
        ]
        ran = Counter(self.ran())
        assert set(ran) == set(changes)
        assert sum(ran.values()) <= len(changes) + repeated
        assert workbench.check_study("s", self.store) == []

    def shown(self, capsys: pytest.CaptureFixture[str]) -> str:
        """What `study show s` prints."""
        capsys.readouterr()
        assert main(["study", "show", "s", "--store", str(self.store.root)]) == 0
        return str(capsys.readouterr().out)

    def pid(self, name: str = "s") -> int:
        status = read_status(self.store, name)
        assert status is not None
        return status.pid


@pytest.fixture
def case(tmp_path: Path, digits_file: Path) -> Iterator[Case]:
    with acting(tmp_path) as log:
        made = Case(Store(tmp_path / "store"), digits_file, pictures(tmp_path / "pictures"), log)
        yield made
        for name in storage.names(made.store):
            try:
                workbench.cancel_study(name, made.store)
            except StudyError:
                continue


@pytest.fixture
def second_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process, and those that it starts, know the runtime `reference` and its format."""
    monkeypatch.setenv("EDGESLIM_TEST_RUNTIME", "1")
    with registered(FILE_FORMATS, Coarse()), registered(RUNTIMES, Reference()):
        yield
