"""Pruning: weights set to zero, and whole channels removed."""

from compression.steps.pruning.channels import ChannelPruning
from compression.steps.pruning.gradual import GradualPruning
from compression.steps.pruning.magnitude import MagnitudePruning
from compression.steps.pruning.n_of_m import NOfMPruning
from compression.steps.pruning.taylor import TaylorPruning

__all__ = ["ChannelPruning", "GradualPruning", "MagnitudePruning", "NOfMPruning", "TaylorPruning"]
