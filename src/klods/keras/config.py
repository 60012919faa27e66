"""Settings: the default floating dtype and the small number that keeps logarithms finite."""

from __future__ import annotations

from klods.missing import reporter

_EPSILON = 1e-7


def floatx() -> str:
    """Return the default floating dtype."""
    return "float32"


def epsilon() -> float:
    """Return the number that probabilities keep away from 0 and 1."""
    return _EPSILON


__getattr__ = reporter(__name__)
