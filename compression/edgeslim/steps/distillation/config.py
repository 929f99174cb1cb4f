"""Configuration of distillation: losses and their weights."""

from __future__ import annotations

from dataclasses import dataclass

CLASS_LOSSES = ("soft_targets", "logits", "decoupled")
BOX_LOSSES = ("numbers", "overlap")
MATCHES = ("auto", "objects", "places")
FEATURES = ("none", "hints", "attention", "foreground")


@dataclass(frozen=True, kw_only=True, slots=True)
class DistillationConfig:
    """Defaults are those of the steps. `label_weight` 0: no labels are used."""

    loss: str = "soft_targets"
    """For classifiers: one of CLASS_LOSSES."""
    temperature: float = 4.0
    """Softening of class distributions."""
    alpha: float = 1.0
    beta: float = 8.0
    """Weights of the target class and of the other classes, if decoupled."""
    match: str = "places"
    """How detectors are compared: by 'places' of the raw outputs, or by 'objects' that the teacher detects."""
    boxes: str = "overlap"
    """For detectors that predict boxes as numbers: one of BOX_LOSSES."""
    background: float = 1.0
    """Weight of scores where the teacher detects nothing; it is 1 where the teacher is certain of an object."""
    features: str = "none"
    """One of FEATURES."""
    feature_weight: float = 0.5
    label_weight: float = 0.0
