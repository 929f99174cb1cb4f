"""Where the bytes of a trial's file went."""

from typing import Any

from as_kept import of

from edgeslim.report.waterfall import Level, Waterfall, waterfall, waterfall_chart
from edgeslim.steps import STEPS
from edgeslim.steps.base import StepInfo

STEP_INFO: dict[str, StepInfo] = {step.name: step.describe() for step in STEPS}


def made(study: dict[str, Any], number: int, stored: int | None = None) -> Waterfall:
    found = waterfall(of(study), number, STEP_INFO, stored)
    assert found is not None
    return found


def test_each_level_has_its_bytes_and_the_steps_that_made_it(study: dict[str, Any]) -> None:
    """Trial 12: 319 242 parameters, four fifths set to zero, tuned, then int8."""
    assert made(study, 12, stored=330_000).levels == (
        Level("parameters", 1_276_968, False),
        Level("nonzero", 255_392, False, ("magnitude_pruning",)),
        Level("stored", 330_000, True, ("static_int8",)),
        Level("file", 372_411, True),
        Level("download", 121_906, True),
        Level("entropy_bound", 108_330, True),
    )


def test_removed_parameters_are_a_level_and_zeros_that_nobody_made_are_none(study: dict[str, Any]) -> None:
    levels = made(study, 8).levels
    assert [level.name for level in levels] == [
        "parameters",
        "remaining",
        "file",
        "download",
        "entropy_bound",
    ]
    assert levels[1] == Level("remaining", 4 * 169_198, False, ("channel_pruning",))


def test_without_the_file_the_new_numbers_are_told_at_the_files_size(study: dict[str, Any]) -> None:
    assert Level("file", 652_180, True, ("float16",)) in made(study, 1).levels


def test_zeros_of_coarse_numbers_are_ascribed_to_the_rounding(study: dict[str, Any]) -> None:
    study["trials"][2]["nonzero"] = 287_318
    assert Level("nonzero", 1_149_272, False, ("static_int8",)) in made(study, 2).levels


def test_bits_and_zeros_are_shares_of_the_counted_parameters(study: dict[str, Any]) -> None:
    found = made(study, 12, stored=319_242)
    assert found.bits == 8.0
    assert found.zeros is not None and round(found.zeros, 6) == 0.800001
    assert made(study, 12).bits is None


def test_memory_stands_beside_the_originals(study: dict[str, Any]) -> None:
    assert made(study, 11).memory == (3_538_944, 2_073_821)
    assert made(study, 12).memory == (3_538_944, 3_538_944)
    study["trials"][11]["memory"] = None
    assert made(study, 11).memory is None


def test_what_was_not_measured_has_no_waterfall(study: dict[str, Any]) -> None:
    assert [waterfall(of(study), number, STEP_INFO, None) for number in (14, 17, 99)] == [None] * 3


def test_bars_say_their_bytes_and_the_change_from_the_level_before() -> None:
    levels = (Level("parameters", 1000, False), Level("file", 1200, True), Level("download", 300, True))
    figure = waterfall_chart(levels, ("a", "b", "c"))
    told = [note.text for note in figure.layout.annotations]
    assert told == ["a", "<b>1.00 KB</b>", "b", "<b>1.20 KB</b>  +20 %", "c", "<b>300 B</b>  −75 %"]
    measured, computed, less = figure.data
    assert (list(measured.y), list(computed.y)) == ([1, 2], [0])
    assert list(less.x) == [0, 0, 900], "what was saved reaches from this level to the one before"
