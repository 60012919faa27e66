"""Numbers and arrays in a few characters."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.pictures.frames import extremes

FEW, LONGEST = 4, 28  # elements that are shown one by one, in so many characters


def number(x: Any) -> str:
    """Return a number with four digits; truth values and texts as Python writes them.

    Example:
        >>> number(0.123456), number(3.0), number(-2e-9), number(float("nan"))
        ('0.1235', '3', '-2e-09', 'NaN')
    """
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    if isinstance(x, (int, np.integer)):
        return str(x)
    if isinstance(x, (str, bytes)):
        return repr(x)
    x = float(x) + 0.0  # not -0
    if x != x:
        return "NaN"
    return f"{'-' * (x < 0)}infinity" if abs(x) == np.inf else f"{x:.4g}"


def values_of(array: Any) -> str:
    """Return the values of an array, or, where that takes long, the least and the greatest.

    Example:
        >>> values_of(np.array([[1.0, 2.5]])), values_of(np.arange(9.0))
        ('[[1, 2.5]]', '0 ... 8')
    """
    listed = _listed(np.asarray(array).tolist()) if array.size <= FEW else ""
    return listed if listed and len(listed) <= LONGEST else range_of(array)


def range_of(array: Any) -> str:
    """Return the least and the greatest value of an array, once if they are one, and how many are no numbers.

    Example:
        >>> range_of(np.ones(3)), range_of(np.array([0.0, 2.0, np.nan]))
        ('1', '0 ... 2, 1 NaN')
    """
    values = np.asarray(array).ravel()
    if not values.size:
        return "no elements"
    if values.dtype.kind not in "biuf":
        return f"{values.size} texts"
    ends = dict.fromkeys(map(number, extremes(values) or ()))
    parts = [" ... ".join(ends)] if ends else []
    return ", ".join([*parts, *flaws(values)])


def flaws(array: Any) -> list[str]:
    """Return how many values of an array are NaN and how many infinite.

    Example:
        >>> flaws(np.array([1.0, np.inf, np.nan, np.nan]))
        ['2 NaN', '1 infinite']
    """
    values = np.asarray(array)
    if values.dtype.kind != "f":
        return []
    counts = {"NaN": np.isnan(values).sum(), "infinite": np.isinf(values).sum()}
    return [f"{count} {name}" for name, count in counts.items() if count]


def shape_of(array: Any) -> str:
    """Return the shape of an array as Python writes it.

    Example:
        >>> shape_of(np.ones((3, 2)))
        '(3, 2)'
    """
    return str(tuple(int(n) for n in np.shape(array)))


def length_of(array: Any) -> float:
    """Return the Euclidean length of all elements: the root of the sum of their squares."""
    return float(np.sqrt(np.square(np.asarray(array, np.float64)).sum()))


def _listed(x: Any) -> str:
    return f"[{', '.join(map(_listed, x))}]" if isinstance(x, list) else number(x)
