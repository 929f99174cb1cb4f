"""Small students for the digits, several at once: the same network from different initial weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeslim.datasets.base import Dataset

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

STUDENTS, HIDDEN, BATCH, UPDATES, LEARNING_RATE = 5, 16, 32, 2500, 0.01
SIDE, CLASSES = 8, 10


@dataclass(frozen=True, slots=True)
class Pictures:
    """Digits with the teacher's logits: `images` (N, 64) from 0 to 1, `labels` (N,), `logits` (N, 10)."""

    images: Floats
    labels: Ints
    logits: Floats

    def __getitem__(self, rows: NDArray[np.bool_] | Ints) -> Pictures:
        return Pictures(self.images[rows], self.labels[rows], self.logits[rows])

    def __len__(self) -> int:
        return len(self.labels)


def digits(teacher: str, lab: Lab) -> tuple[Pictures, Pictures]:
    """Training and validation images with what the teacher's file says of them."""
    from edgeslim.datasets import open_dataset
    from edgeslim.models.library import open_model
    from edgeslim.ort import open_session

    dataset = open_dataset("digits", lab.store, lab.progress)
    session = open_session(open_model(teacher, lab.store).path)

    def said(images: Floats) -> Floats:
        one_by_one = images.reshape(-1, 1, 1, SIDE, SIDE)
        return np.concatenate([session.run(image)[0] for image in one_by_one]).astype(np.float32)

    found = [_arrays(dataset, split) for split in ("train", "validation")]
    train, validation = (Pictures(images, labels, said(images)) for images, labels in found)
    return train, validation


def _arrays(dataset: Dataset, name: str) -> tuple[Floats, Ints]:
    split = dataset.split(name)  # type: ignore[arg-type]
    images = np.stack([split.image(index)[:, :, 0] for index in range(len(split))])
    labels = np.array([split.target(index) for index in range(len(split))], np.int64)
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255), labels


def softened(logits: Floats, temperature: float) -> Floats:
    """The distribution at a temperature, (N, 10): softmax(logits / temperature)."""
    scaled = logits / temperature
    raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def taught(shown: Pictures, temperature: float | None, seed: int = 0) -> Callable[[Floats], Floats]:
    """Students trained on what is shown: on its labels, or at a temperature on the teacher's distributions.

    All see the same number of updates; the loss at a temperature is scaled by its square (Hinton et al. 2015, section 2).
    Returns images (N, 64) → logits (STUDENTS, N, 10).
    """
    import torch
    from torch.nn import functional as F

    chance = torch.Generator().manual_seed(seed)
    first = (torch.randn(STUDENTS, SIDE * SIDE, HIDDEN, generator=chance) / SIDE).requires_grad_()
    second = (torch.randn(STUDENTS, HIDDEN, CLASSES, generator=chance) / HIDDEN**0.5).requires_grad_()
    inner = torch.zeros(STUDENTS, 1, HIDDEN, requires_grad=True)
    outer = torch.zeros(STUDENTS, 1, CLASSES, requires_grad=True)
    optimizer = torch.optim.Adam([first, inner, second, outer], lr=LEARNING_RATE)
    images, labels = torch.from_numpy(shown.images), torch.from_numpy(shown.labels)
    targets = None if temperature is None else torch.from_numpy(softened(shown.logits, temperature))

    def logits(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x @ first + inner) @ second + outer  # type: ignore[no-any-return]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network is slower on several
    try:
        for _ in range(UPDATES):
            rows = torch.randint(0, len(shown), (STUDENTS, min(BATCH, len(shown))), generator=chance)
            said = logits(images[rows])
            if targets is None or temperature is None:
                loss = F.cross_entropy(said.flatten(0, 1), labels[rows].flatten())
            else:
                loss = (
                    -(targets[rows] * F.log_softmax(said / temperature, -1)).sum(-1).mean() * temperature**2
                )
            optimizer.zero_grad()
            (loss * STUDENTS).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    finally:
        torch.set_num_threads(threads)

    def run(given: Floats) -> Floats:
        with torch.no_grad():
            found: Floats = logits(torch.from_numpy(given)[None]).numpy()
        return found

    return run


def right(logits: Floats, labels: Ints) -> NDArray[np.float64]:
    """Share of the images (N,) that each student recognises, (STUDENTS,)."""
    return (logits.argmax(-1) == labels).mean(axis=-1)  # type: ignore[no-any-return]


def between_students(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean over students and the ends of its 95 % t-interval: how much initial weights and batches alone change."""
    from scipy import stats

    mean = float(values.mean())
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
    return mean, mean - half, mean + half
