"""Lessons: one file each. A new one is imported here, at its place in the course."""

from edgeslim.lessons import pruning as pruning
from edgeslim.lessons.base import LESSONS as LESSONS
