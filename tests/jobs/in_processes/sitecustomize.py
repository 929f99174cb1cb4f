"""Python imports this at start if its folder is on PYTHONPATH: a study's own processes know the tests' step."""

import os
import sys
from pathlib import Path

HELPERS = ("multiprocessing.resource_tracker", "edgeslim.models.confined")
"""What runs no step, and would be longer at importing them than at its work."""

if not any(helper in argument for helper in HELPERS for argument in sys.orig_argv):
    from steps_for_tests import Act

    from edgeslim.steps import STEPS

    STEPS.add(Act)

    if "EDGESLIM_TEST_PATIENCE" in os.environ:
        from edgeslim.studies import journal

        journal.PATIENCE = float(os.environ["EDGESLIM_TEST_PATIENCE"])

    if "EDGESLIM_TEST_RUNTIME" in os.environ:
        sys.path.append(str(Path(__file__).parents[2]))
        import reference_runtime

        reference_runtime.register()
