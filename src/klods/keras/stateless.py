"""Calls that leave state as it is: variables hold other values meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from klods.errors import DataError, ShapeError
from klods.tensor import Variable, convert_to_tensor


@contextmanager
def holding(variables: Sequence[Variable], values: Sequence[Any], owner: str) -> Iterator[None]:
    """Let variables hold these values inside the `with` block, and what they held before after it.

    Args:
        variables: the variables.
        values: a value for each.
        owner: whose they are, for the error.

    Raises:
        DataError: for another number of values.
        ShapeError: for a value of another shape.
    """
    tensors = [convert_to_tensor(value) for value in values]
    if len(tensors) != len(variables):
        raise DataError(
            f"'{owner}' has {len(variables)} variables; got {len(tensors)} values.",
            "build it, and give one for each.",
        )
    for variable, tensor in zip(variables, tensors):
        if variable.tensor.value.shape != tensor.value.shape:
            raise ShapeError(
                f"'{owner}': variable '{variable.name}' has shape {variable.tensor.value.shape}; "
                f"got a value of {tensor.value.shape}.",
                "give the values in the order of its variables.",
            )
    before = [variable.tensor for variable in variables]
    try:
        for variable, value in zip(variables, tensors):
            variable.tensor = value
        yield
    finally:
        for variable, value in zip(variables, before):
            variable.tensor = value
