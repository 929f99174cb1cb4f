"""Python imports this at start if its folder is on PYTHONPATH: a study's own processes know the tests' step."""

import os

from steps_for_tests import Act

from compression.steps import STEPS

STEPS.add(Act)

if "EDGESLIM_TEST_PATIENCE" in os.environ:
    from compression.search import journal

    journal.PATIENCE = float(os.environ["EDGESLIM_TEST_PATIENCE"])
