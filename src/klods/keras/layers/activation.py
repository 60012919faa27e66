"""Activation functions as layers."""

from __future__ import annotations

import warnings
from typing import Any

from klods.dtypes import BOOL
from klods.errors import DataError, ShapeError
from klods.functions import reduce_logsumexp
from klods.keras import activations, constraints, initializers, regularizers
from klods.keras.layers.layer import Layer
from klods.keras.layers.sizes import known_size
from klods.keras.layers.spec import InputSpec
from klods.keras.layers.weightless import Weightless
from klods.ops.activation import relu, softmax
from klods.ops.arithmetic import exp_
from klods.ops.comparison import greater, where
from klods.tensor import Tensor, convert_to_tensor

MASKED = {"float16": -3e4}  # what a masked input is to softmax, in dtypes that can't hold -1e9


class Activation(Weightless):
    """An activation function as a layer of its own.

    Args:
        activation: a name or function.

    Example:
        >>> import klods
        >>> klods.keras.layers.Activation("relu")(klods.constant([-1., 2.])).numpy()
        array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class ReLU(Weightless):
    """x above the threshold, negative_slope * (x - threshold) below, and at most max_value.

    Args:
        max_value: the largest output, if there is one.
        negative_slope: the slope below the threshold.
        threshold: where outputs begin.

    Raises:
        DataError: for a negative number.

    Example:
        >>> import klods
        >>> klods.keras.layers.ReLU(max_value=1)(klods.constant([-1., .5, 2.])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        _check_slope("ReLU", "max_value", 0.0 if max_value is None else max_value)
        _check_slope("ReLU", "negative_slope", negative_slope)
        _check_slope("ReLU", "threshold", threshold)
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Weightless):
    """x above 0 and negative_slope * x below.

    Args:
        negative_slope: the slope below 0. Its older name `alpha` is taken with a warning.

    Raises:
        DataError: for a negative slope.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            warnings.warn("LeakyReLU's alpha is called negative_slope now.", stacklevel=2)
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        _check_slope("LeakyReLU", "negative_slope", negative_slope)
        self.negative_slope = negative_slope

    def call(self, inputs: Tensor) -> Tensor:
        return activations.leaky_relu(inputs, self.negative_slope)


class ELU(Weightless):
    """x above 0 and alpha (e^x - 1) below (Clevert et al. 2015).

    Args:
        alpha: the limit of the outputs, with its sign changed, for inputs far below 0.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Tensor) -> Tensor:
        return activations.elu(inputs, self.alpha)


class PReLU(Layer):
    """x above 0 and alpha * x below, where alpha is trained (He et al. 2015, equation 1).

    Args:
        alpha_initializer: how alpha, of the shape of one input, starts.
        alpha_regularizer: what alpha adds to the loss.
        alpha_constraint: what is done to alpha after each update.
        shared_axes: the axes, counted from the batch's, along which alpha is one number.
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes and list(shared_axes)

    def build(self, input_shape: Any) -> None:
        shared = {axis % len(input_shape) for axis in self.shared_axes or ()}
        own = [axis for axis in range(1, len(input_shape)) if axis not in shared]
        shape = [1 if axis in shared else known_size(self, input_shape, axis) for axis in range(1, len(input_shape))]
        self.alpha = self.add_weight(
            shape,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: input_shape[axis] for axis in own})

    def call(self, inputs: Tensor) -> Tensor:
        return relu(inputs) - self.alpha * relu(-inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Softmax(Weightless):
    """e^x divided by its sum along an axis, or along several.

    Args:
        axis: the axis, or a list of axes.

    A call takes a `mask` that broadcasts to the inputs: where it is 0, the output is 0.

    Example:
        >>> import klods
        >>> klods.keras.layers.Softmax()(klods.zeros((1, 4)), mask=klods.constant([1, 1, 0, 0])).numpy()
        array([[0.5, 0.5, 0. , 0. ]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        if mask is None:
            return _softmax(inputs, self.axis)
        kept = self._kept(convert_to_tensor(mask), inputs)
        return where(kept, _softmax(where(kept, inputs, MASKED.get(inputs.dtype.name, -1e9)), self.axis), 0.0)

    def _kept(self, mask: Tensor, inputs: Tensor) -> Tensor:
        shape, whole = mask.value.shape, inputs.value.shape
        if len(shape) > len(whole) or any(m not in (1, n) for m, n in zip(shape[::-1], whole[::-1])):
            raise ShapeError(
                f"Layer '{self.name}' got a mask of shape {shape} for inputs of shape {whole}.",
                "give a mask that broadcasts to the inputs.",
            )
        return mask if mask.value.dtype == BOOL else greater(mask, 0.5)


def _softmax(x: Tensor, axis: Any) -> Tensor:
    if not isinstance(axis, (list, tuple)):
        return softmax(x, axis)
    return softmax(x, axis[0]) if len(axis) == 1 else exp_(x - reduce_logsumexp(x, tuple(axis), True))


def _check_slope(layer: str, argument: str, value: Any) -> None:
    if not isinstance(value, (int, float)) or value < 0:
        raise DataError(f"{layer}'s {argument} is a number, 0 or more; got {value!r}.", "leave it out, or make it 0.")
