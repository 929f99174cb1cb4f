"""AP by class of two files: what is drawn, and what Holm's correction lets stand."""

from edgeslim.analysis.errors import Change
from edgeslim.analysis.parts import PartRow
from edgeslim.report.class_charts import parts_chart
from edgeslim.report.palette import LOSS, NEUTRAL

ROWS = (
    PartRow("stop", Change(0.8, 0.6, (-0.25, -0.15)), 1e-9, holds=True),
    PartRow("yield", Change(0.7, 0.69, (-0.02, -0.001)), 0.04),
    PartRow("none", Change(None, None), None),
)
TITLES = {"stop": "Stop", "yield": "Yield", "none": "None"}


def test_a_line_leads_from_the_original_to_the_file_and_marks_carry_the_class() -> None:
    *lines, first, second = parts_chart(ROWS, TITLES, ("a", "b")).data
    assert len(lines) == 2, "a class without objects has none"
    assert (list(first.x), list(second.x)) == ([80.0, 70.0], [60.0, 69.0])
    assert [list(each) for each in second.customdata] == [["stop"], ["yield"]]


def test_only_what_holds_after_correction_is_marked() -> None:
    chart = parts_chart(ROWS, TITLES, ("a", "b"))
    assert list(chart.data[-1].marker.color) == [LOSS, NEUTRAL]
    told = [note.text for note in chart.layout.annotations]
    assert told[0].startswith("<b>−20.0") and told[0].endswith("*</b>") and "*" not in told[1]
