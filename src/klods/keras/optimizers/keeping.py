"""Keeper: the variables that an optimizer keeps beside the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.errors import DataError
from klods.keras import initializers
from klods.keras.configuration import Configurable
from klods.tensor import Variable


class Keeper(Configurable):
    """Makes variables, and knows the weights that they belong to.

    Attributes:
        kept: the variables, in the order in which files hold them.
        weights: the weights.
    """

    def __init__(self) -> None:
        self.kept: list[Variable] = []
        self.weights: list[Variable] = []

    @property
    def built(self) -> bool:
        """Whether the weights are known."""
        return bool(self.weights)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make what is kept beside these weights."""
        raise NotImplementedError

    def build_new(self, variables: Sequence[Variable]) -> None:
        """Call `build`, which may be written without care for a second call, if some of these weights are new."""
        new = self.unknown(variables)
        if new:
            self.build(new)

    def unknown(self, variables: Sequence[Variable]) -> list[Variable]:
        """Return those of these weights that are not known yet."""
        known = {id(weight) for weight in self.weights}
        return [variable for variable in variables if id(variable) not in known]

    def add_variable(
        self, shape: Sequence[int], initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Return a new variable that is kept.

        Args:
            shape: its shape.
            initializer: what it starts as: a name, or an initializer.
            dtype: its dtype, float32 by default.
            name: its name.
        """
        start = initializers.get(initializer)(tuple(shape), dtype=dtype or "float32")
        self.kept.append(Variable(start, trainable=False, name=name, dtype=dtype))
        return self.kept[-1]

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Return a new variable of a weight's shape and dtype, which is kept, named after the weight."""
        path = getattr(reference_variable, "path", reference_variable.name).replace("/", "_")
        shape, dtype = reference_variable.value.shape, reference_variable.dtype
        return self.add_variable(shape, initializer, dtype, f"{path}_{name or 'var'}")

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Return a list of a new variable per weight; for several names, a tuple of such lists.

        Args:
            trainable_variables: the weights.
            name: a name, or several.
            initializer: what they start as; a list of one per name, or one for all.
        """
        names = [name] if isinstance(name, str) else list(name)
        starts = initializer if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        rows = [
            [self.add_variable_from_reference(weight, *pair) for pair in zip(names, starts)]
            for weight in trainable_variables
        ]
        lists = tuple([row[k] for row in rows] for k in range(len(names)))
        return lists[0] if isinstance(name, str) else lists

    def _get_variable_index(self, variable: Variable) -> int:
        """Return a weight's place among the weights, which optimizers written for Keras ask for by this name.

        Raises:
            DataError: if the optimizer wasn't built for the weight.
        """
        for index, weight in enumerate(self.weights):
            if weight is variable:
                return index
        raise DataError(f"The optimizer doesn't know '{variable.name}'.", "build it for all weights at once.")

    def assign(self, variable: Variable, value: Any) -> None:
        """Assign a variable a value."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add a value to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract a value from a variable."""
        variable.assign_sub(value)
