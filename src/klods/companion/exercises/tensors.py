"""Exercises of the section on tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.companion.exercises.comparing import compared, compared_function


def bytes_of_images(answer: Any) -> str:
    """Judge the bytes of 1,000 images of 64 by 64 pixels in three float32 colours."""
    images = np.zeros((1000, 64, 64, 3), np.float32)
    hints = {
        images.size: "That is how many numbers there are; each takes some bytes.",
        images.nbytes // 3: "That is for grey images; these have three colours.",
        images.astype(np.float64).nbytes: "That would be float64.",
    }
    known = np.ndim(answer) == 0 and not isinstance(answer, str)
    return (known and hints.get(answer, "")) or compared(answer, images.nbytes, tolerance=0)


def upper_left(answer: Any) -> str:
    """Judge a function that gives the upper left quarters of images."""
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    corner = np.stack([image[: len(image) // 2, : len(image) // 2] for image in images])
    return compared_function(answer, lambda _: corner, (images,), tolerance=0)


def count_batches(answer: Any) -> str:
    """Judge a function that gives the number of batches, the last of which may be smaller."""

    def counted(samples: int, size: int) -> int:
        return len(range(0, samples, size))

    return compared_function(answer, counted, (60000, 128), (256, 128), (1, 128), (10, 3), tolerance=0)


JUDGES: dict[str, Callable[..., str]] = {
    "bytes-of-images": bytes_of_images,
    "upper-left": upper_left,
    "count-batches": count_batches,
}
