"""`klods.explain`: what a compiled training step or function does, kernel by kernel."""

from __future__ import annotations

from typing import Any

from klods.explanation.explanation import Comparison, Explanation
from klods.explanation.measure import Row
from klods.explanation.subject import apart, subject_of


def explain(model_or_function: Any, *examples: Any) -> Explanation:
    """Show the work of a compiled model's training step, or of a function: its kernels, measured.

    The step is run a number of times on copies, so that the model, its optimizer and metrics stay as they are.

    Args:
        model_or_function: a model after `compile`, or a function decorated with `klods.function`.
        examples: for a model a batch, `x, y` or `x, y, sample_weight`; without one, that of `fit`, or else numbers
            from 0 to 1 for x; zeros for y. For a function the arguments of a call; those of its last call where none
            are given.

    Returns:
        An Explanation, which prints as a table and has `naive`, `ir`, `assembly` and `compare` for each kernel.

    Raises:
        StateError: for a model that isn't compiled or whose inputs' shape isn't known, and for a function that has
            not been called.
        DataError: for what is neither model nor function.
        Untraceable: for what can't be traced, and so isn't compiled.

    Example:
        >>> import klods
        >>> @klods.function
        ... def affine(x, w, b):
        ...     return klods.nn.relu(klods.matmul(x, w) + b)
        >>> plan = klods.explain(affine, klods.ones((3, 4)), klods.ones((4, 2)), klods.zeros((2,)))
        >>> [(row.blocks, row.operations) for row in plan.rows]
        [(('matmul',), 48), (('add', 'relu'), 12)]
        >>> for line in plan.naive(1).splitlines()[-4:]:
        ...     print(line)
            for row in range(3):
                for column in range(2):
                    relu[row][column] = max(matmul[row][column] + b[column], 0)
            return relu
    """
    with apart(model_or_function):
        return Explanation(model_or_function, subject_of(model_or_function, examples))


__all__ = ["Comparison", "Explanation", "Row", "explain"]
