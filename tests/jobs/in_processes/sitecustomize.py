"""Python imports this at start if its folder is on PYTHONPATH: a study's own processes know the tests' step."""

import os

from steps_for_tests import Act

from edgeslim.steps import STEPS

STEPS.add(Act)

if "EDGESLIM_TEST_PATIENCE" in os.environ:
    from edgeslim.studies import journal

    journal.PATIENCE = float(os.environ["EDGESLIM_TEST_PATIENCE"])
