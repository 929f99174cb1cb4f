"""All steps. Importing this module registers them; a new technique adds one line here."""

from compression.steps.base import STEPS, OnnxStep, Step, StepContext, TorchStep

__all__ = ["STEPS", "OnnxStep", "Step", "StepContext", "TorchStep"]
