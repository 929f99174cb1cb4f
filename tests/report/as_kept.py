"""Reading studies that tests have written down as they are kept."""

from edgeslim.studies.study import StudyResult

of = StudyResult.from_json
