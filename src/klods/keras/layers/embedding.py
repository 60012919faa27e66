"""Embedding, a table of vectors looked up by number."""

from __future__ import annotations

import warnings
from typing import Any

from klods.errors import DataError
from klods.keras import constraints, initializers, regularizers
from klods.keras.layers.layer import Layer
from klods.keras.layers.lora import adapted, add_lora
from klods.ops.comparison import not_equal
from klods.ops.movement import cast
from klods.ops.picking import gather
from klods.tensor import Tensor, Variable


class Embedding(Layer):
    """Turns whole numbers, such as those of words, into vectors that are trained.

    Args:
        input_dim: how many numbers there are: inputs are 0 to input_dim - 1.
        output_dim: the length of the vectors.
        embeddings_initializer: how the table, of shape (input_dim, output_dim), starts.
        embeddings_regularizer: what the table adds to the loss.
        embeddings_constraint: what is done to the table after each update.
        mask_zero: whether 0 stands for no word: the mask is False there.
        weights: what the table starts with, instead of an initializer.
        lora_rank: if given, the table is frozen and the product of two thin matrices of this rank is trained and added
            to it (Hu et al. 2021, equation 3).
        lora_alpha: the factor of that product, over its rank; equal to the rank by default.

    Shapes:
        (batch, ...) to (batch, ..., output_dim).

    Raises:
        DataError: for dimensions that are none; at a call, for a number outside the table.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.Embedding(3, 2, weights=[[0., 0.], [1., 2.], [3., 4.]])
        >>> layer(klods.constant([[2, 1]])).numpy()
        array([[[3., 4.],
                [1., 2.]]], dtype=float32)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            warnings.warn("Embedding needs no input_length: it takes inputs of any length.", stacklevel=2)
        super().__init__(**kwargs)
        for argument, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise DataError(
                    f"Embedding's {argument} is a whole number, 1 or more; got {size!r}.",
                    "write Embedding(10000, 16), say.",
                )
        self.input_dim, self.output_dim = input_dim, output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = self.supports_masking = mask_zero
        if lora_rank is not None and self.embeddings_constraint is not None:
            raise DataError(
                "Embedding can't constrain a table that lora_rank freezes.", "leave embeddings_constraint out."
            )
        self.lora_rank, self.lora_alpha = lora_rank, lora_rank if lora_alpha is None else lora_alpha
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        if self.built:
            return
        self._embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )
        if self.lora_rank is not None:
            add_lora(self, self._embeddings, self.lora_rank, self.embeddings_regularizer)

    @property
    def embeddings(self) -> Variable | Tensor:
        """The table."""
        return adapted(self, self._embeddings)

    def call(self, inputs: Tensor) -> Tensor:
        numbers = inputs if inputs.value.dtype.name in ("int32", "int64") else cast(inputs, "int32")
        try:
            return gather(self.embeddings, numbers)
        except DataError as error:
            raise DataError(f"Layer '{self.name}': {error.what}", error.mend) from None

    def compute_mask(self, inputs: Tensor, previous_mask: Any = None) -> Tensor | None:
        """Return where inputs aren't 0, if 0 stands for no word."""
        return not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data, without the weights."""
        config = {"activity_regularizer": None, **super().get_config()}
        del config["weights"]
        return config
