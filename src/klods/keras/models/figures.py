"""Figures: what the steps of training and evaluation return, as numbers with names."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from klods.tensor import TensorLike

Logs = dict[str, float]


def as_logs(figures: Any) -> Logs:
    """Return a step's figures as numbers, in the order of their names."""
    if not isinstance(figures, dict):
        return {}
    return sorted_by_name({name: as_number(figure) for name, figure in figures.items()})


def sorted_by_name(logs: Logs) -> Logs:
    """Return figures in the order of their names, which is the order that Keras shows them in."""
    return dict(sorted(logs.items()))


def as_number(figure: Any) -> Any:
    """Return a figure as a Python float, or as an array if it has axes."""
    array = np.asarray(figure.value if isinstance(figure, TensorLike) else figure)
    return float(array) if array.ndim == 0 else array


def names_apart(metrics: list[tuple[Any, str | None, bool]]) -> dict[int, str]:
    """Return the names that figures are shown under, by their metric's id: where they meet, with a number.

    Args:
        metrics: metrics, the name of their output or None, and whether they take sample weights into account; those
            that do get `weighted_` instead of a number.
    """
    shown: dict[int, str] = {}
    taken: Counter[str] = Counter()
    for metric, output, weighted in metrics:
        prefix = f"{output}_" if output else ""
        name = f"{prefix}{metric.name}"
        if weighted and name in taken:
            name = f"{prefix}weighted_{metric.name}"
        shown[id(metric)] = f"{name}_{taken[name]}" if taken[name] else name
        taken[name] += 1
    return shown
