"""LossScaleOptimizer: another optimizer, with a loss scaled so that small gradients of float16 don't vanish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from klods.errors import DataError
from klods.keras.configuration import serialize
from klods.keras.ops import all, equal, isfinite, logical_and, where
from klods.keras.optimizers.checks import check_at_least
from klods.keras.optimizers.optimizer import Optimizer
from klods.tensor import Tensor, Variable, convert_to_tensor


class LossScaleOptimizer(Optimizer):
    """Lets another optimizer make the steps, by gradients of a loss that is multiplied by a scale.

    A step with a gradient that isn't finite is left out, and halves the scale; many finite ones after each other
    double it (Micikevicius et al. 2018, section 3.2). The gradients are divided by the scale before the step.

    Args:
        inner_optimizer: the other optimizer; a `loss_scale_factor` of its own is dropped.
        initial_scale: the scale at first.
        dynamic_growth_steps: how many steps without infinities double it.
        name: a name.

    Attributes:
        inner_optimizer: the other optimizer.
        dynamic_scale: the scale, once the weights are known.
        step_counter: how many finite steps there have been since the scale last changed.

    Raises:
        DataError: for what is no optimizer, or impossible numbers.

    Example:
        >>> from klods import keras
        >>> optimizer = LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=8.0)
        >>> weight = keras.Variable([1.0])
        >>> optimizer.build([weight])
        >>> optimizer.apply([[8.0 * 0.5]], [weight])
        >>> weight.numpy().tolist()
        [0.75]
        >>> optimizer.apply([[float("inf")]], [weight])
        >>> weight.numpy().tolist(), float(optimizer.dynamic_scale)
        ([0.75], 4.0)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ) -> None:
        super().__init__(0.0, name=name)
        if not isinstance(inner_optimizer, Optimizer):
            raise DataError(f"{inner_optimizer!r} is no optimizer.", "wrap an object: keras.optimizers.Adam(), say.")
        check_at_least(1, dynamic_growth_steps=dynamic_growth_steps)
        if not initial_scale > 0:
            raise DataError(f"initial_scale is a number above 0; got {initial_scale!r}.", "write 2.0**15, say.")
        self.inner_optimizer, self.initial_scale = inner_optimizer, initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None

    def build(self, variables: Sequence[Variable]) -> None:
        """Make what is kept, here and in the other optimizer, beside those of these weights that are not known yet."""
        if not self.built:
            self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
            self.dynamic_scale = self.add_variable((), lambda shape, dtype: self.initial_scale, name="dynamic_scale")
        self.inner_optimizer.build_new(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """What is kept here, then the variables of the other optimizer."""
        return [*super().variables, *self.inner_optimizer.variables]

    @property
    def settings(self) -> dict[str, Any]:
        """The hyper-parameters, which a traced step has built in."""
        return {**super().settings, "inner": self.inner_optimizer.settings}

    @property
    def iterations(self) -> Any:
        """How often the weights have been changed."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the other optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Change weights by the gradients of the scaled loss, unless one of these isn't finite.

        Raises:
            DataError: if no weight has a gradient.
        """
        weights = self.weights if trainable_variables is None else list(trainable_variables)
        self.build_new(weights)
        scaled = [None if gradient is None else convert_to_tensor(gradient) for gradient in grads]
        finite = self.check_finite(scaled)
        scale = self.dynamic_scale.read_value()
        unscaled = [g if g is None else where(finite, g, 0) / scale for g in scaled]
        cells = [*weights, *self.inner_optimizer.variables]
        before = [cell.read_value() for cell in cells]
        self.inner_optimizer.apply(unscaled, weights)
        for cell, old in zip(cells, before):
            if cell.tensor is not old:
                cell.assign(where(finite, cell, old))
        self._rescale(finite)

    def _rescale(self, finite: Tensor) -> None:
        due = equal(self.step_counter, self.dynamic_growth_steps - 1)
        grown = where(due, 2.0, 1.0)
        self.dynamic_scale.assign(self.dynamic_scale * where(finite, grown, 0.5))
        self.step_counter.assign(where(logical_and(finite, ~due), self.step_counter + 1, 0))

    def check_finite(self, grads: Sequence[Any]) -> Tensor:
        """Tell whether all gradients are finite; None is."""
        known = [all(isfinite(gradient)) for gradient in grads if gradient is not None]
        return convert_to_tensor(True) if not known else all(known)

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss to differentiate: multiplied by the scale."""
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Let the other optimizer overwrite weights by their running means, if it keeps such: training is over."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            "name": self.name,
            "inner_optimizer": serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> LossScaleOptimizer:
        """Return an optimizer made with these arguments; those of Keras's older files that say nothing are left out."""
        from klods.keras.optimizers import deserialize  # which knows this class, too

        known = ("name", "initial_scale", "dynamic_growth_steps")
        inner = deserialize(config["inner_optimizer"], custom_objects)
        return cls(inner, **{name: config[name] for name in known if name in config})
