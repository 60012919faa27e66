"""Metric, the base of all metrics: state that batches change, and the figure that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import StateError
from klods.keras import initializers
from klods.keras.config import floatx
from klods.keras.configuration import Configurable, snake_case, unique_name
from klods.keras.room import take_room
from klods.keras.stateless import holding
from klods.tensor import Tensor, Variable


class Metric(Configurable):
    """Base of all. A metric of your own makes its state with `add_weight` and defines `update_state` and `result`.

    Args:
        dtype: of the state; float32 by default.
        name: a name, under which the figure is shown.
    """

    # Whether a better model has a larger figure, "up", or a smaller one, "down"; callbacks ask for it.
    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.dtype = as_dtype(dtype or floatx()).name
        self._variables: list[Variable] = []

    def add_weight(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Return a new number, or array, of state, which `reset_state` sets to zero.

        Raises:
            StateError: if the metric's constructor didn't call that of its base.
        """
        if not hasattr(self, "_variables"):
            raise StateError(
                f"{type(self).__name__} made state before its base was set up.",
                "call super().__init__(name=name) first in its __init__.",
            )
        take_room(f"Metric '{self.name}' wants numbers of shape {tuple(shape)}", *shape)
        start = initializers.get(initializer)(tuple(shape), dtype or self.dtype)
        variable = Variable(start, trainable=False, name=name)
        self._variables.append(variable)
        return variable

    add_variable = add_weight

    def add_zeros(self, names: Sequence[str], shape: tuple[int, ...]) -> None:
        """Make an attribute of state of one shape for each name."""
        for name in names:
            setattr(self, name, self.add_weight(shape, name=name))

    @property
    def variables(self) -> list[Variable]:
        """The state: what `add_weight` made, variables that are attributes, and the state of metrics that are."""
        known, parts = set(map(id, self._variables)), vars(self).values()
        own = [part for part in parts if isinstance(part, Variable) and id(part) not in known]
        inner = [part for part in parts if isinstance(part, Metric)]
        return [*self._variables, *own, *(variable for metric in inner for variable in metric.variables)]

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take one batch into account."""
        raise NotImplementedError

    def result(self) -> Any:
        """Return the figure over all batches since the last reset, or a dict of figures."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype.as_numpy_dtype))

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Tensor]:
        """Return the state after a batch, given that before it; the metric's own stays as it is."""
        with holding(self.variables, metric_variables, self.name):
            self.update_state(*args, **kwargs)
            return [variable.tensor for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return the figure that a state gives."""
        with holding(self.variables, metric_variables, self.name):
            return self.result()

    def stateless_reset_state(self) -> list[Tensor]:
        """Return the state before the first batch."""
        with holding(self.variables, self.variables, self.name):
            self.reset_state()
            return [variable.tensor for variable in self.variables]

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take one batch into account and return the figure."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
