"""`doctor` and `study doctor`: why a file lost what it lost, and trying what mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.cli.common import Arguments, add, positive, progress, spec, tell, with_data, with_threshold
from edgeslim.errors import StudyError
from edgeslim.report.doctor import diagnosis_lines, outcome_text
from edgeslim.texts import translate


def add_doctor(commands: Any) -> None:
    command = with_data(
        add(
            commands, "doctor", _doctor, "say why an ONNX file scores less than its model, and what mends it"
        ),
        limit=False,
    )
    command.add_argument("file", type=Path, metavar="F.onnx", help="a file, as --model is read")
    command.add_argument("--recipe", type=Path, metavar="R.json", help="the file's recipe, if it is known")
    command.add_argument("--images", type=positive, default=64, metavar="N", help="validation images at most")
    with_threshold(command)


def add_study_doctor(commands: Any) -> None:
    command = add(commands, "doctor", _study_doctor, "say why a trial's file scores less than the original")
    command.add_argument("name", metavar="NAME")
    command.add_argument("number", type=int, metavar="N", help="number of the trial")
    command.add_argument("--try", dest="mend", action="store_true", help="measure the likeliest cause's mend")
    with_threshold(command)


def _doctor(given: Arguments) -> None:
    recipe = None
    if given.recipe is not None:
        (recipe,) = (each.record() for each in workbench.read_recipes(given.recipe)[:1])
    asked = workbench.examination_of(
        given.file,
        given.model,
        given.data,
        recipe=recipe,
        threshold=given.threshold,
        images=given.images,
        calibration=given.calibration,
        spec=spec(given),
        store=given.store,
    )
    found = workbench.examine(asked, given.store, progress(given))
    tell(given, found, lambda: "\n".join(diagnosis_lines(found)))


def _study_doctor(given: Arguments) -> None:
    study = workbench.known_study(given.name, given.store)
    asked = workbench.examination(study, given.number, threshold=given.threshold, store=given.store)
    found = workbench.examine(asked, given.store, progress(given))
    lines = diagnosis_lines(found)
    for each in found.found:
        outcome = workbench.mend_outcome(study, given.number, each, given.store)
        if outcome is not None and outcome.gained is None:
            lines += ["", translate("en", "doctor.waiting", number=outcome.trial.number)]
        elif outcome is not None and outcome.gained is not None:
            right, elsewhere = bool(outcome.right), outcome.elsewhere
            told = outcome.trial.number, given.number, outcome.gained
            lines += ["", outcome_text(*told, right, elsewhere, "en")]
    if given.mend:
        made_anew = ("recipe", "calibration")
        mends = [each.mend for each in found.found if each.mend is not None and each.mend.kind in made_anew]
        if not mends:
            raise StudyError("no_recipe_to_try")
        tried = workbench.try_mend(study, given.number, mends[0], given.store)
        lines += [
            "",
            f"Trial {tried.number} of study '{tried.study}' measures it: `edgeslim study show {tried.study}`.",
        ]
    tell(given, found, lambda: "\n".join(lines))
