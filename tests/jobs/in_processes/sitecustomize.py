"""Python imports this at start if its folder is on PYTHONPATH: a study's own processes know the tests' step."""

from steps_for_tests import Act

from compression.steps import STEPS

STEPS.add(Act)
