"""Dense, the fully connected layer."""

from __future__ import annotations

from typing import Any

from klods.contractions import tensordot
from klods.errors import DataError
from klods.keras import activations, constraints, initializers, regularizers
from klods.keras.layers.layer import Layer
from klods.keras.layers.lora import adapted, add_lora
from klods.keras.layers.sizes import known_size
from klods.keras.layers.spec import InputSpec
from klods.ops.product import matmul
from klods.tensor import Tensor


class Dense(Layer):
    """activation(inputs @ kernel + bias): every output sees every input.

    Args:
        units: the number of outputs.
        activation: a name or function; none by default.
        use_bias: whether there is a bias.
        kernel_initializer: how the kernel, of shape (inputs, units), starts.
        bias_initializer: how the bias, of shape (units,), starts.
        kernel_regularizer: what the kernel adds to the loss.
        bias_regularizer: what the bias adds to the loss.
        activity_regularizer: what the outputs add to the loss, divided by the batch size.
        kernel_constraint: what is done to the kernel after each update.
        bias_constraint: what is done to the bias after each update.
        lora_rank: if given, the kernel is frozen and the product of two thin matrices of this rank is trained and
            added to it (Hu et al. 2021, equation 3).
        lora_alpha: the factor of that product, over its rank; equal to the rank by default.

    Shapes:
        (batch, ..., inputs) to (batch, ..., units).

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.Dense(2, activation="relu", kernel_initializer="ones")
        >>> layer(klods.constant([[1., 2., 3.]])).numpy()
        array([[6., 6.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if not isinstance(units, int) or units < 1:
            raise DataError(f"Dense needs a whole number of units, 1 or more; got {units!r}.", "write Dense(10).")
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if lora_rank is not None and self.kernel_constraint is not None:
            raise DataError("Dense can't constrain a kernel that lora_rank freezes.", "leave kernel_constraint out.")
        self.lora_rank = lora_rank
        self.lora_alpha = lora_rank if lora_alpha is None else lora_alpha
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        width = known_size(self, input_shape, -1)
        self.kernel = self.add_weight(
            (width, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        if self.lora_rank is not None:
            add_lora(self, self.kernel, self.lora_rank, self.kernel_regularizer)
        self.input_spec = InputSpec(min_ndim=2, axes={-1: width})

    def call(self, inputs: Tensor) -> Tensor:
        kernel = adapted(self, self.kernel)
        outputs = matmul(inputs, kernel) if inputs.ndim == 2 else tensordot(inputs, kernel, 1)
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)
