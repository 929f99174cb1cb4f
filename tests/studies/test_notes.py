"""Stars and notes: what is kept of them, whoever writes and whatever happens meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.studies.notes import add_note, read_notes, remove_note, set_star


def starred(path: Path) -> set[int]:
    return {number for number, each in read_notes(path).items() if each.star}


WRITE = """
import sys
from pathlib import Path
from edgeslim.studies.notes import add_note, set_star
path, who = Path(sys.argv[1]), sys.argv[2]
for count in range(20):
    add_note(path, 7, f"{who} {count}")
    set_star(path, 100 * len(who) + count, True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.log"


def test_the_last_star_counts_and_trials_without_any_are_not_told(path: Path) -> None:
    for trial, star in ((3, True), (5, True), (3, False), (9, False)):
        set_star(path, trial, star)
    assert starred(path) == {5}
    assert list(read_notes(path)) == [5]


def test_a_note_is_added_beside_the_others_and_removed_alone(path: Path) -> None:
    for text in ("one", "two", "three"):
        add_note(path, 4, text)
    assert read_notes(path)[4].text == "one · two · three"
    remove_note(path, 4, read_notes(path)[4].notes[1].key)
    assert [note.text for note in read_notes(path)[4].notes] == ["one", "three"]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 501])
def test_a_note_that_says_nothing_or_too_much_is_refused(path: Path, text: str) -> None:
    with pytest.raises(StudyError) as refused:
        add_note(path, 1, text)
    assert refused.value.code == "note_text"
    assert read_notes(path) == {}


def test_what_a_power_failure_left_of_a_line_costs_that_line_only(path: Path) -> None:
    add_note(path, 1, "before")
    with path.open("ab") as file:
        file.write(b'{"trial": 1, "note": {"key"')
    add_note(path, 1, "after")
    with path.open("ab") as file:
        file.write(b'{"trial": "x"}\n\xff\n[1]\n')
    assert read_notes(path)[1].text == "before · after"


def test_two_who_write_at_once_lose_nothing(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), who],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for who in ("a", "bb")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    found = read_notes(path)
    assert sorted(note.text for note in found[7].notes) == sorted(
        f"{w} {n}" for w in ("a", "bb") for n in range(20)
    )
    assert starred(path) == {*range(100, 120), *range(200, 220)}


def test_the_samples_notes_lie_in_the_users_data_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    before = workbench.notes_version("sample", store, sample=True)
    workbench.star_trial("sample", 28, store=store, sample=True)
    assert workbench.trial_notes("sample", store, sample=True)[28].star
    assert workbench.notes_version("sample", store, sample=True) != before
    assert [path.name for path in tmp_path.rglob("notes.log")] == ["notes.log"]
    assert workbench.list_studies(store) == []
    with pytest.raises(StudyError, match="There is no study named “sample”"):
        workbench.star_trial("sample", 28, store=store)
