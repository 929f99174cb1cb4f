"""Pruning: weights set to zero, and whole channels removed."""

from edgeslim.steps.pruning.channels import ChannelPruning
from edgeslim.steps.pruning.gradual import GradualPruning
from edgeslim.steps.pruning.magnitude import MagnitudePruning
from edgeslim.steps.pruning.n_of_m import NOfMPruning
from edgeslim.steps.pruning.taylor import TaylorPruning

__all__ = ["ChannelPruning", "GradualPruning", "MagnitudePruning", "NOfMPruning", "TaylorPruning"]
