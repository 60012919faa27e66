"""Figures: what the steps of training and evaluation return, as numbers with names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.tensor import TensorLike

Logs = dict[str, float]


def figures_of(step: str, returned: Any) -> dict[str, Any]:
    """Return what a step returned, which may be one of the user's own.

    Raises:
        DataError: if it is no dict.
    """
    if isinstance(returned, dict):
        return returned
    what = "nothing" if returned is None else f"a {type(returned).__name__}"
    raise DataError(f"{step} returned {what}; it gives figures by their names.", "return {'loss': loss}, say.")


def as_logs(figures: dict[str, Any]) -> Logs:
    """Return a step's figures as numbers, in the order of their names, in which Keras shows them.

    Of a metric that gives several, these stand in its place.
    """
    logs: Logs = {}
    for name in sorted(figures):
        figure = figures[name]
        logs.update(as_logs(figure) if isinstance(figure, dict) else {name: as_number(figure)})
    return logs


def as_number(figure: Any) -> Any:
    """Return a figure as a Python float, or as an array if it has axes."""
    array = np.asarray(figure.value if isinstance(figure, TensorLike) else figure)
    return float(array) if array.ndim == 0 else array


def by_shown_name(metrics: list[tuple[Any, str | None, bool]], known: Collection[str] = ()) -> dict[str, Any]:
    """Return metrics by the names that their figures are shown under: where names meet, with a number.

    Args:
        metrics: metrics, the name of their output or None, and whether they take sample weights into account; those
            that do get `weighted_` instead of a number.
        known: names that others have.
    """
    shown: dict[str, Any] = {}
    taken = Counter(known)
    for metric, output, weighted in metrics:
        prefix = f"{output}_" if output else ""
        name = f"{prefix}{metric.name}"
        if weighted and name in taken:
            name = f"{prefix}weighted_{metric.name}"
        own = f"{name}_{taken[name]}" if taken[name] else name
        shown[own if own not in shown else f"{own}_{len(shown)}"] = metric
        taken[name] += 1
    return shown
