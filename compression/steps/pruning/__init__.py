"""Pruning: weights set to zero, and whole channels removed."""

from compression.steps.pruning.channels import ChannelPruning
from compression.steps.pruning.magnitude import MagnitudePruning

__all__ = ["ChannelPruning", "MagnitudePruning"]
