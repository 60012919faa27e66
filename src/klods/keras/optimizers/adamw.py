"""AdamW."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras.optimizers.adam import Adam


class AdamW(Adam):
    """Adam whose weights also decay, apart from the gradient (Loshchilov & Hutter 2017, algorithm 2).

    Args:
        learning_rate: the size of a step.
        weight_decay: the share of each weight that each step takes away, times the learning rate.
        beta_1: the share of the gradient's mean kept at each step.
        beta_2: the share of the square's mean kept at each step.
        epsilon: keeps the division finite.
        amsgrad: whether to divide by the largest mean square so far.
        kwargs: what every optimizer takes.

    Raises:
        DataError: if weight_decay is None.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        if weight_decay is None:
            raise DataError("AdamW decays weights; got weight_decay=None.", "give a number, or use Adam.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)
