"""Random annotations and detections."""

from __future__ import annotations

import numpy as np

from edgeslim.detections import Annotations, Detections


def random_scenes(
    seed: int, images: int, classes: int, most: int, ties: bool
) -> tuple[list[Annotations], list[Detections]]:
    """Crowds, ties of score and of IoU, classes mixed up, empty images, more than 100 boxes of a class."""
    rng = np.random.default_rng(seed)
    truths, predictions = [], []
    for _ in range(images):
        n, m = rng.integers(0, 9), rng.integers(0, most + 1)
        corner, size = rng.uniform(0, 200, (n, 2)), np.exp(rng.uniform(np.log(4), np.log(200), (n, 2)))
        boxes = np.concatenate([corner, corner + size], axis=1)
        labels = rng.integers(0, classes, n)
        if n:
            near = rng.integers(0, n, m)
            guesses = boxes[near] + rng.normal(0, 3, (m, 4))
            guessed = np.where(rng.uniform(size=m) < 0.8, labels[near], rng.integers(0, classes, m))
        else:
            guesses, guessed = rng.uniform(0, 100, (m, 4)), rng.integers(0, classes, m)
        if ties:
            boxes, guesses = np.round(boxes), np.round(guesses)
        guesses[:, 2:] = np.maximum(guesses[:, 2:], guesses[:, :2] + 1)
        plain = Annotations.of(boxes.astype(np.float32), labels)
        truths.append(Annotations(plain.boxes, labels, rng.uniform(size=n) < 0.1, plain.area))
        scores = np.round(rng.uniform(size=m), 2 if ties else 9).astype(np.float32)
        predictions.append(Detections(guesses.astype(np.float32), scores, guessed))
    return truths, predictions
