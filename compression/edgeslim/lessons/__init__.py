"""Lessons: one file each. A new one is imported here, at its place in the course."""

# ruff: noqa: I001 - the order of the imports is that of the course
from edgeslim.lessons import why_shrink as why_shrink
from edgeslim.lessons import networks as networks
from edgeslim.lessons import redundancy as redundancy
from edgeslim.lessons import overfitting as overfitting
from edgeslim.lessons import pruning as pruning
from edgeslim.lessons import quantization as quantization
from edgeslim.lessons import distillation as distillation
from edgeslim.lessons import low_rank as low_rank
from edgeslim.lessons import combining as combining
from edgeslim.lessons import frameworks as frameworks
from edgeslim.lessons.base import LESSONS as LESSONS
