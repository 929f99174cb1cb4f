"""What is learned from: which losses, how they are weighted."""

from __future__ import annotations

from dataclasses import dataclass

CLASS_LOSSES = ("soft_targets", "logits", "decoupled")
BOX_LOSSES = ("numbers", "overlap")
MATCHES = ("auto", "objects", "places")
FEATURES = ("none", "hints", "attention", "foreground")


@dataclass(frozen=True, kw_only=True, slots=True)
class DistillationConfig:
    """The defaults are those of the steps. `label_weight` 0: no labels at all."""

    loss: str = "soft_targets"
    """Of classifiers: one of CLASS_LOSSES."""
    temperature: float = 4.0
    """Of soft targets, whole or decoupled."""
    alpha: float = 1.0
    beta: float = 8.0
    """Weights of the target class and of the others, if decoupled."""
    match: str = "places"
    """What detectors are compared by: 'places' of the raw outputs, or 'objects' that the teacher detects."""
    boxes: str = "overlap"
    """Of detectors that give boxes as numbers: one of BOX_LOSSES."""
    background: float = 1.0
    """Weight of scores at places where the teacher sees nothing; 1 where it is sure of an object."""
    features: str = "none"
    """One of FEATURES."""
    feature_weight: float = 0.5
    label_weight: float = 0.0
