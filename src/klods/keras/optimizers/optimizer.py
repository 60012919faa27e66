"""Optimizer, the base of all optimizers: everything but the formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from klods.errors import DataError, StateError
from klods.keras.configuration import serialize, snake_case, unique_name
from klods.keras.ops import equal, where
from klods.keras.optimizers import schedules
from klods.keras.optimizers.checks import check_at_least, check_pair
from klods.keras.optimizers.clipping import clipped
from klods.keras.optimizers.keeping import Keeper
from klods.keras.optimizers.rates import as_rate, current, settings_of
from klods.keras.stateless import holding
from klods.tensor import Reference, Tensor, Variable, convert_to_tensor

Self = TypeVar("Self", bound="Optimizer")


class Optimizer(Keeper):
    """Base of all: changes weights by their gradients.

    An optimizer's formula is its `update`, in one of the two forms of `klods.keras.optimizers.forms`. One written as
    for Keras, with `build` and `update_step`, works as well.

    Args:
        learning_rate: the size of a step: a number, a LearningRateSchedule, or a function without arguments.
        weight_decay: the share of each weight that each step takes away, times the learning rate.
        clipnorm: the greatest length of a gradient.
        clipvalue: the greatest absolute value in a gradient.
        global_clipnorm: the greatest length of all gradients together.
        use_ema: whether to keep a running mean of each weight, which becomes the weight when `fit` ends.
        ema_momentum: the share of the running mean kept at each step.
        ema_overwrite_frequency: steps after which, each time, the running means become the weights.
        loss_scale_factor: what the loss is multiplied by, and the gradients divided.
        gradient_accumulation_steps: steps whose mean gradient makes one change of the weights.
        name: a name.

    Raises:
        DataError: for options that exclude each other, or are out of range.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__()
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise DataError("clipnorm, clipvalue and global_clipnorm exclude each other.", "give one of them.")
        check_at_least(2, gradient_accumulation_steps=gradient_accumulation_steps)
        if use_ema:
            check_at_least(1, ema_overwrite_frequency=ema_overwrite_frequency)
        if use_ema and not 0 <= ema_momentum <= 1:
            raise DataError(f"ema_momentum is a share between 0 and 1; got {ema_momentum!r}.", "write 0.99, say.")
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor, self.gradient_accumulation_steps = loss_scale_factor, gradient_accumulation_steps
        self._iterations = Variable(0, trainable=False, name="iteration", dtype="int64")
        self._learning_rate = as_rate(learning_rate)
        self._averages: dict[Reference, Variable] = {}
        self._sums: dict[Reference, Variable] = {}
        self._undecayed: tuple[Sequence[Variable], Sequence[str]] = (), ()

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Assign a weight, and what is kept beside it, their new values.

        Args:
            gradient: the weight's gradient, clipped.
            variable: the weight, decayed.
            learning_rate: the learning rate.
        """
        raise NotImplementedError(f"{type(self).__name__} lacks update_step(self, gradient, variable, learning_rate).")

    def begin_step(self) -> None:
        """Change what is kept once for all weights; most optimizers keep no such thing."""

    def decay_of(self, weight: Variable) -> float | None:
        """Return the share of a weight that each step takes away, unless the weight is excluded from that."""
        return self.weight_decay

    def _is_undecayed(self, weight: Variable) -> bool:
        weights, names = self._undecayed
        return any(weight is each for each in weights) or any(re.search(name, weight.name) for name in names)

    # ------------------------------------------------------------ what is known between steps

    @property
    def iterations(self) -> Any:
        """How often the weights have been changed."""
        steps = self.gradient_accumulation_steps
        return self._iterations // steps if steps else self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or the tensor that a schedule or function gives now.

        It may be set: to a number unless there is a schedule, to a schedule or a function always.
        """
        return current(self._learning_rate, self._iterations)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        given = as_rate(value)
        if not isinstance(given, Variable):
            self._learning_rate = given
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(given)
        else:
            raise StateError(
                f"The learning rate of '{self.name}' follows a schedule or function, so it can't be set to a number.",
                "make the optimizer with a number, or set another schedule.",
            )

    @property
    def variables(self) -> list[Variable]:
        """The step count, the learning rate unless it follows a schedule, and what is kept, in Keras's order."""
        rate = [self._learning_rate] if isinstance(self._learning_rate, Variable) else []
        return [self._iterations, *rate, *self.kept]

    @property
    def settings(self) -> dict[str, Any]:
        """The hyper-parameters, which a traced step has built in; not a rate that is a variable, nor the step."""
        known = {k: v for k, v in vars(self).items() if v is None or isinstance(v, (bool, int, float, str))}
        weights, names = self._undecayed
        return {**known, "rate": settings_of(self._learning_rate), "undecayed": ([*map(id, weights)], [*names])}

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign `variables` these values."""
        if len(weights) != len(self.variables):
            raise DataError(
                f"Optimizer '{self.name}' keeps {len(self.variables)} values; got {len(weights)}.", "build it first."
            )
        for variable, value in zip(self.variables, weights):
            variable.assign(value)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make what is kept beside those of these weights that are not known yet."""
        variables = self.unknown(variables)
        self.weights += variables
        if self.use_ema:
            means = self.add_optimizer_variables(variables, "average")
            self._averages.update((weight.ref(), mean) for weight, mean in zip(variables, means))
        if self.gradient_accumulation_steps:
            sums = self.add_optimizer_variables(variables, "gradient_accumulator")
            self._sums.update((weight.ref(), total) for weight, total in zip(variables, sums))

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave weights out of weight decay.

        Args:
            var_list: the weights.
            var_names: patterns; a weight in whose name one of them is found is left out.
        """
        self._undecayed = tuple(var_list or ()), tuple(var_names or ())

    # ------------------------------------------------------------ a step

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Change weights by pairs of gradient and weight, and return the step count.

        Raises:
            DataError: if no weight has a gradient, or for what is no pair.
            DTypeError: for a weight that is no variable.
        """
        pairs = list(grads_and_vars)
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
            raise DataError("apply_gradients takes pairs.", "write apply_gradients(zip(gradients, weights)).")
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Change weights by their gradients; weights whose gradient is None stay. Without any weights, do nothing.

        Raises:
            DataError: if no weight has a gradient.
        """
        weights = self.weights if trainable_variables is None else list(trainable_variables)
        if len(grads) != len(weights):
            raise DataError(f"Got {len(grads)} gradients for {len(weights)} weights.", "give one gradient per weight.")
        if not weights:
            return
        pairs = [(convert_to_tensor(g), w) for g, w in zip(grads, weights) if g is not None]
        if not pairs:
            raise DataError(
                "No weight has a gradient: all are None.", "compute the loss from the weights, inside the tape."
            )
        for gradient, weight in pairs:
            check_pair(gradient, weight)
        self.build_new(weights)
        scale = self.loss_scale_factor
        gradients, changed = [g if scale is None else g / scale for g, _ in pairs], [w for _, w in pairs]
        change = self._accumulate if self.gradient_accumulation_steps else self._change
        change(gradients, changed)
        self._average()
        for weight in changed:
            constraint = getattr(weight, "constraint", None)
            if constraint is not None:
                weight.assign(constraint(weight))
        self._iterations.assign_add(1)

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return what `apply` makes of these values of the weights and of `variables`, which stay as they are.

        Args:
            optimizer_variables: a value for each of `variables`.
            grads: a gradient for each weight.
            trainable_variables: a value for each of the weights that the optimizer was built for.

        Returns:
            The new values of the weights, and those of `variables`.

        Raises:
            DataError: for another number of values; before `build`, which tells what they belong to.
        """
        weights, kept = list(self.weights), self.variables
        with holding([*weights, *kept], [*trainable_variables, *optimizer_variables], self.name):
            self.apply(grads, weights)
            return [weight.tensor for weight in weights], [variable.tensor for variable in kept]

    def _accumulate(self, gradients: list[Tensor], weights: list[Variable]) -> None:
        """Sum the gradients up, and change the weights by their mean when it is their turn."""
        count = self.gradient_accumulation_steps
        due = equal((self._iterations + 1) % count, 0)
        sums = [self._sums[weight.ref()] for weight in weights]
        totals = [gradient + total for gradient, total in zip(gradients, sums)]
        cells = [*weights, *self.kept]
        before = [cell.read_value() for cell in cells]
        self._change([total / count for total in totals], weights)
        for cell, old in zip(cells, before):
            if cell.tensor is not old:
                cell.assign(where(due, cell, old))
        for total, new in zip(sums, totals):
            total.assign(where(due, 0.0, new))

    def _change(self, gradients: list[Tensor], weights: list[Variable]) -> None:
        """Change the weights by their gradients, clipped, once they have decayed."""
        rate = convert_to_tensor(self.learning_rate, "float32")
        self.begin_step()
        for gradient, weight in zip(clipped(gradients, self.clipnorm, self.clipvalue, self.global_clipnorm), weights):
            decay = self.decay_of(weight)
            if decay is not None and not self._is_undecayed(weight):
                weight.assign(weight - weight * decay * rate)
            self.update_step(gradient, weight, rate)

    def _average(self) -> None:
        """Bring the running means of the weights up to date, and overwrite the weights by them when it is time."""
        if not self.use_ema:
            return
        share = where(equal(self.iterations, 0), 0.0, self.ema_momentum)
        for weight in self.weights:
            mean = self._averages[weight.ref()]
            mean.assign(share * mean + (1 - share) * weight)
            if self.ema_overwrite_frequency:
                due = equal((self.iterations + 1) % self.ema_overwrite_frequency, 0)
                weight.assign(where(due, mean, weight))

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Overwrite weights by their running means, if there are such: training is over."""
        for weight in var_list:
            if weight.ref() in self._averages:
                weight.assign(self._averages[weight.ref()])

    def average_of(self, weight: Variable) -> Variable:
        """Return the running mean that `use_ema` keeps beside a weight."""
        return self._averages[weight.ref()]

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss to differentiate: multiplied by loss_scale_factor, so that small gradients don't vanish."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # ------------------------------------------------------------ configuration

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        rate = self._learning_rate
        plain = float(rate.value) if isinstance(rate, Variable) else serialize(rate)
        return {**super().get_config(), "learning_rate": plain}

    @classmethod
    def from_config(cls: type[Self], config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """Return an optimizer made with these arguments."""
        rate = config.get("learning_rate")
        if isinstance(rate, Mapping):
            config = {**config, "learning_rate": schedules.deserialize(rate, custom_objects)}
        return super().from_config(config)
