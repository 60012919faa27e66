"""Functions of older Keras that `keras.ops` has under another name, with other arguments, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from klods import random
from klods.dtypes import as_dtype, dtype_of
from klods.keras import KerasTensor, ops
from klods.keras.config import floatx
from klods.tensor import Tensor, TensorLike, Variable, constant as make_constant, convert_to_tensor


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """Return a variable, of the default dtype unless another is given."""
    return Variable(value, name=name, dtype=dtype or floatx())


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor, of the default dtype unless another is given."""
    return make_constant(value, dtype or floatx(), shape)


def get_value(x: Any) -> Any:
    """Return the value of a tensor or variable as a NumPy array."""
    return x.numpy() if isinstance(x, TensorLike) else np.asarray(x)


eval = get_value


def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """Return the values of tensors or variables."""
    return [get_value(x) for x in tensors]


def set_value(x: Variable, value: Any) -> None:
    """Set the value of a variable."""
    x.assign(np.asarray(value, x.dtype.as_numpy_dtype))


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Set the values of variables, given in pairs."""
    for x, value in tuples:
        set_value(x, value)


def update(x: Variable, new_x: Any) -> Variable:
    """Set the value of a variable, and return it."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Variable:
    """Add to a variable, and return it."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Variable:
    """Subtract from a variable, and return it."""
    return x.assign_sub(decrement)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Return the sizes of the axes as a tuple."""
    return tuple(x.shape)


def count_params(x: Any) -> int:
    """Return the number of elements."""
    return int(np.prod(x.shape))


def dtype(x: Any) -> str:
    """Return the name of the dtype."""
    return str(x.dtype)


def cast_to_floatx(x: Any) -> Any:
    """Return an array or tensor in the default floating dtype."""
    return ops.cast(x, floatx()) if isinstance(x, TensorLike) else np.asarray(x, floatx())


def is_keras_tensor(x: Any) -> bool:
    """Tell whether `x` stands for an input or output of layers."""
    return isinstance(x, KerasTensor)


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype; of the default one for None."""
    return floatx() if dtype is None else dtype_of(dtype).name


def is_float_dtype(dtype: Any) -> bool:
    """Tell whether a dtype is floating."""
    return as_dtype(dtype).kind == "f"


def is_int_dtype(dtype: Any) -> bool:
    """Tell whether a dtype is one of whole numbers."""
    return as_dtype(dtype).kind in "iu"


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Tell whether all elements are other than 0."""
    return ops.all(ops.cast(x, "bool"), axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Tell whether any element is other than 0."""
    return ops.any(ops.cast(x, "bool"), axis, keepdims)


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Return the place of the highest element along an axis."""
    return ops.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Tensor:
    """Return the place of the lowest element along an axis."""
    return ops.argmin(x, axis)


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """Return the sums up to each element along an axis."""
    return ops.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Tensor:
    """Return the products up to each element along an axis."""
    return ops.cumprod(x, axis)


def gather(reference: Any, indices: Any) -> Tensor:
    """Return the slices along the first axis at some places."""
    return ops.take(reference, indices, 0)


def permute_dimensions(x: Any, pattern: Any) -> Tensor:
    """Return x with its axes in another order."""
    return ops.transpose(x, pattern)


def pow(x: Any, a: Any) -> Tensor:
    """Return x to the power of a."""
    return ops.power(x, a)


def reverse(x: Any, axes: Any) -> Tensor:
    """Return x backwards along axes."""
    return ops.flip(x, axes)


def clip(x: Any, min_value: Any, max_value: Any) -> Tensor:
    """Return x cut off at two values."""
    return ops.clip(x, min_value, max_value)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Tensor:
    """Return whole numbers from start up to stop; from 0 up to start without it."""
    return ops.arange(start, stop, step, dtype)


def sqrt(x: Any) -> Tensor:
    """Return the square root; 0 for negative numbers."""
    return ops.sqrt(ops.maximum(x, 0))


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """Return x above the threshold, `alpha` times what it lacks below, and no more than `max_value`."""
    x = convert_to_tensor(x)
    kept = ops.where(x >= threshold, x, alpha * (x - threshold))
    return kept if max_value is None else ops.minimum(kept, max_value)


def hard_sigmoid(x: Any) -> Tensor:
    """Return 0.2 x + 0.5, cut off at 0 and 1."""
    return ops.clip(0.2 * convert_to_tensor(x) + 0.5, 0.0, 1.0)


def in_top_k(predictions: Any, targets: Any, k: int) -> Tensor:
    """Tell for each row whether the target is among the `k` highest predictions."""
    return ops.in_top_k(targets, predictions, k)


def concatenate(tensors: Any, axis: int = -1) -> Tensor:
    """Return tensors joined along an axis."""
    return ops.concatenate(tensors, axis)


def expand_dims(x: Any, axis: int = -1) -> Tensor:
    """Return x with one more axis."""
    return ops.expand_dims(x, axis)


def flatten(x: Any) -> Tensor:
    """Return all elements along one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Tensor:
    """Return all elements of each sample along one axis."""
    return ops.reshape(x, (-1, count_params(x[0])))


def repeat(x: Any, n: int) -> Tensor:
    """Return each row `n` times, along a new second axis."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Tensor:
    """Return each slice along an axis `rep` times."""
    return ops.repeat(x, rep, axis)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """Return a variable of ones."""
    return Variable(ops.ones(shape, dtype or floatx()), name=name)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """Return a variable of zeros."""
    return Variable(ops.zeros(shape, dtype or floatx()), name=name)


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Return numbers drawn from the normal distribution."""
    return random.normal(shape, mean, stddev, dtype or floatx(), seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Return numbers drawn evenly."""
    return random.uniform(shape, minval, maxval, dtype or floatx(), seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Return normal numbers, drawn again where beyond two standard deviations."""
    return random.truncated_normal(shape, mean, stddev, dtype or floatx(), seed)
