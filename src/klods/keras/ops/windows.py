"""Keras's `keras.ops` for windows of signals: rows of weights that fall off to both ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.keras import config
from klods.ops.block import static
from klods.tensor import Tensor


def bartlett(x: Any) -> Tensor:
    """Return Bartlett's window of so many numbers, a triangle."""
    return _window(np.bartlett(int(static(x))))


def blackman(x: Any) -> Tensor:
    """Return Blackman's window of so many numbers."""
    return _window(np.blackman(int(static(x))))


def hamming(x: Any) -> Tensor:
    """Return Hamming's window of so many numbers."""
    return _window(np.hamming(int(static(x))))


def hanning(x: Any) -> Tensor:
    """Return von Hann's window of so many numbers, half a wave.

    Example:
        >>> hanning(5).numpy().round(3)
        array([0. , 0.5, 1. , 0.5, 0. ], dtype=float32)
    """
    return _window(np.hanning(int(static(x))))


def kaiser(x: Any, beta: float) -> Tensor:
    """Return Kaiser's window of so many numbers, the narrower the larger beta."""
    return _window(np.kaiser(int(static(x)), static(beta)))


def _window(weights: np.ndarray) -> Tensor:
    return Tensor(weights.astype(config.floatx()))
