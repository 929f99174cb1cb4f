"""distil_from_original: a compressed network learns from the original without labels, and is never made worse."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import example_networks as examples
import numpy as np
import onnx
import pytest
import torch
from torch import fx, nn

from compression.artifacts.store import Store
from compression.datasets import open_dataset
from compression.errors import RecipeError
from compression.export.onnx import export_training_form
from compression.models.base import ModelSpec
from compression.models.library import open_model
from compression.models.street_sign_network import StreetSignNetwork
from compression.models.torch_graph import to_torch
from compression.recipe import Recipe
from compression.steps import StepContext
from compression.steps.distillation import DistilFromOriginal
from compression.steps.distillation.original import divided
from compression.steps.distillation.units import units_of
from compression.steps.pruning import ChannelPruning, MagnitudePruning
