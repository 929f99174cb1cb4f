"""All steps. Importing this module registers them; a new group of techniques adds one line here."""

# Steps are listed and searched in the order of their registration, on which seeded searches depend.
# isort: off
from edgeslim.steps.base import STEPS, OnnxStep, Step, StepContext, TorchStep
from edgeslim.steps import clustering, recovery, low_rank, pruning, quantization  # noqa: F401 - they register

# isort: on

__all__ = ["STEPS", "OnnxStep", "Step", "StepContext", "TorchStep"]
