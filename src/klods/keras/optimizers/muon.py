"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from klods.keras.ops import norm, sqrt, square, transpose
from klods.keras.optimizers.forms import Slot, WholeTensor
from klods.tensor import Variable


class Muon(WholeTensor):
    """Momentum whose matrices are made orthogonal (Jordan 2024), other weights by Adam (Kingma & Ba 2014).

    Args:
        learning_rate: the size of a step.
        adam_beta_1: for weights that Adam changes, the share of the gradient's mean kept at each step.
        adam_beta_2: for these, the share of the square's mean kept at each step.
        adam_weight_decay: for these, the share of each weight that each step takes away, times the learning rate.
        epsilon: keeps Adam's division finite.
        weight_decay: the share of each matrix that each step takes away, times the learning rate.
        exclude_layers: patterns; a weight in whose path one of them is found is Adam's.
        exclude_embeddings: whether weights with `embedding` in their path are Adam's.
        muon_a: the Newton-Schulz polynomial is a x + b x^3 + c x^5.
        muon_b: its second coefficient.
        muon_c: its third coefficient.
        adam_lr_ratio: Adam's learning rate, as a share of learning_rate.
        momentum: the share of the momentum kept at each step.
        ns_steps: how often the polynomial is applied.
        nesterov: whether to look ahead.
        rms_rate: the root mean square of a step, as a share of the learning rate (Liu et al. 2025, equation 4); None
            for steps whose singular values are about the learning rate.
        kwargs: what every optimizer takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.exclude_layers, self.exclude_embeddings = list(exclude_layers or []), exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c, self.ns_steps = muon_a, muon_b, muon_c, ns_steps
        self.momentum, self.nesterov, self.rms_rate = momentum, nesterov, rms_rate

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("momentum", "velocity") if self._is_for_adam(weight) else ("momentum",),)

    def decay_of(self, weight: Variable) -> float | None:
        return self.adam_weight_decay if self._is_for_adam(weight) else self.weight_decay

    def _is_for_adam(self, weight: Variable) -> bool:
        path = getattr(weight, "path", weight.name)
        embedding = self.exclude_embeddings and "embedding" in path.lower()
        return weight.value.ndim != 2 or embedding or any(re.search(name, path) for name in self.exclude_layers)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        return (self._adam if len(slots) == 2 else self._muon)(rate, step, weight, gradient, *slots)

    def _muon(self, rate: Any, step: Any, weight: Any, gradient: Any, mean: Any) -> tuple[Any, ...]:
        mean = self.momentum * mean + gradient
        change = self._orthogonal(gradient + self.momentum * mean if self.nesterov else mean)
        scale = 1.0 if self.rms_rate is None else max(weight.shape) ** 0.5 * self.rms_rate
        return weight - scale * rate * change, mean

    def _orthogonal(self, x: Any) -> Any:
        """Return a matrix with the same singular vectors, whose singular values are about 1."""
        rows, columns = x.shape
        if rows > columns:
            return transpose(self._orthogonal(transpose(x)))
        x = x / (norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            squared = x @ transpose(x)
            x = self.muon_a * x + (self.muon_b * squared + self.muon_c * squared @ squared) @ x
        return x

    def _adam(self, rate: Any, step: Any, weight: Any, gradient: Any, mean: Any, squares: Any) -> tuple[Any, ...]:
        corrected = self.adam_lr_ratio * rate * sqrt(1 - self.adam_beta_2**step) / (1 - self.adam_beta_1**step)
        mean = mean + (1 - self.adam_beta_1) * (gradient - mean)
        squares = squares + (1 - self.adam_beta_2) * (square(gradient) - squares)
        return weight - corrected * mean / (sqrt(squares) + self.epsilon), mean, squares
