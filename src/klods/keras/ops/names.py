"""The blocks that do the same in Keras as in TensorFlow, under Keras's names and parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from klods import arranging, contractions, creation, functions, networks, tensor
from klods.ops import activation, arithmetic, comparison, movement, product, reduction
from klods.tensor import Tensor


def _named(operation: Callable[..., Any], parameters: str) -> Callable[..., Tensor]:
    """Return an operation under other names for its first parameters."""
    theirs = parameters.split()
    renamed = dict(zip(theirs, inspect.signature(operation).parameters))

    @functools.wraps(operation)
    def call(*arguments: Any, **named: Any) -> Tensor:
        return operation(*arguments, **{renamed.get(name, name): x for name, x in named.items()})

    own = inspect.signature(operation).parameters.values()
    call.__signature__ = inspect.Signature([p.replace(name=name) for name, p in zip(theirs, own)])  # type: ignore[attr-defined]
    return call


absolute = abs = _named(arithmetic.abs_, "x")
add = _named(arithmetic.add, "x1 x2")
arccos = _named(arithmetic.acos, "x")
arcsin = _named(arithmetic.asin, "x")
arctan = _named(arithmetic.atan, "x")
bitwise_and = _named(comparison.bitwise_and, "x y")
bitwise_invert = bitwise_not = _named(comparison.invert, "x")
bitwise_or = _named(comparison.bitwise_or, "x y")
bitwise_xor = _named(comparison.bitwise_xor, "x y")
broadcast_to = _named(movement.broadcast_to, "x shape")
cast = _named(movement.cast, "x dtype")
ceil = _named(arithmetic.ceil_, "x")
clip = _named(functions.clip_by_value, "x x_min x_max")
convert_to_tensor = _named(tensor.convert_to_tensor, "x dtype")
copy = _named(movement.identity, "x")
cos = _named(arithmetic.cos, "x")
cosh = _named(arithmetic.cosh, "x")
divide = true_divide = _named(arithmetic.divide_, "x1 x2")
divide_no_nan = _named(functions.divide_no_nan, "x1 x2")
einsum = _named(contractions.einsum, "subscripts operands")
elu = _named(activation.elu, "x alpha")
equal = _named(comparison.equal, "x1 x2")
erf = _named(arithmetic.erf_, "x")
exp = _named(arithmetic.exp_, "x")
expm1 = _named(arithmetic.expm1_, "x")
floor = _named(arithmetic.floor_, "x")
floor_divide = _named(arithmetic.floor_divide, "x1 x2")
greater = _named(comparison.greater, "x1 x2")
greater_equal = _named(comparison.greater_equal, "x1 x2")
in_top_k = _named(arranging.in_top_k, "targets predictions k")
isfinite = _named(comparison.is_finite, "x")
isinf = _named(comparison.is_inf, "x")
isnan = _named(comparison.is_nan, "x")
leaky_relu = _named(activation.leaky_relu, "x negative_slope")
less = _named(comparison.less, "x1 x2")
less_equal = _named(comparison.less_equal, "x1 x2")
log = _named(arithmetic.log_, "x")
log1p = _named(arithmetic.log1p_, "x")
logical_and = _named(comparison.logical_and, "x1 x2")
logical_not = _named(comparison.logical_not, "x")
logical_or = _named(comparison.logical_or, "x1 x2")
logical_xor = _named(comparison.logical_xor, "x1 x2")
matmul = _named(product.matmul, "x1 x2")
maximum = _named(arithmetic.maximum_, "x1 x2")
mean = _named(reduction.reduce_mean, "x axis keepdims")
minimum = _named(arithmetic.minimum_, "x1 x2")
mod = _named(arithmetic.floormod, "x1 x2")
multiply = _named(arithmetic.multiply, "x1 x2")
negative = _named(arithmetic.negative, "x")
not_equal = _named(comparison.not_equal, "x1 x2")
ones = _named(creation.ones, "shape dtype")
ones_like = _named(creation.ones_like, "x dtype")
power = _named(arithmetic.power, "x1 x2")
reciprocal = _named(arithmetic.reciprocal, "x")
relu = _named(activation.relu, "x")
relu6 = _named(activation.relu6, "x")
repeat = _named(arranging.repeat, "x repeats axis")
reshape = _named(movement.reshape, "x newshape")
rsqrt = _named(arithmetic.rsqrt, "x")
selu = _named(networks.selu, "x")
sigmoid = _named(activation.sigmoid, "x")
sign = _named(arithmetic.sign, "x")
sin = _named(arithmetic.sin, "x")
sinh = _named(arithmetic.sinh, "x")
softplus = _named(activation.softplus, "x")
softsign = _named(activation.softsign, "x")
sqrt = _named(arithmetic.sqrt_, "x")
square = _named(arithmetic.square, "x")
squeeze = _named(movement.squeeze, "x axis")
stack = _named(movement.stack, "x axis")
std = _named(functions.reduce_std, "x axis keepdims")
stop_gradient = _named(movement.stop_gradient, "variable")
subtract = _named(arithmetic.subtract, "x1 x2")
tan = _named(arithmetic.tan, "x")
tanh = _named(arithmetic.tanh, "x")
tensordot = _named(contractions.tensordot, "x1 x2 axes")
transpose = _named(movement.transpose, "x axes")
unstack = _named(arranging.unstack, "x num axis")
var = _named(functions.reduce_variance, "x axis keepdims")
zeros = _named(creation.zeros, "shape dtype")
zeros_like = _named(creation.zeros_like, "x dtype")
all = _named(reduction.reduce_all, "x axis keepdims")
amax = _named(reduction.reduce_max, "x axis keepdims")
amin = _named(reduction.reduce_min, "x axis keepdims")
any = _named(reduction.reduce_any, "x axis keepdims")
