"""TensorFlow's `tf.math`: arithmetic, comparison and reductions under one name."""

from __future__ import annotations

from typing import Any

from klods.missing import reporter
from klods.ops.activation import (
    sigmoid,
    softplus,
    softsign,
)
from klods.ops.arithmetic import (
    abs_ as abs,
    acos,
    add,
    asin,
    atan,
    ceil_ as ceil,
    cos,
    cosh,
    divide_ as divide,
    erf_ as erf,
    exp_ as exp,
    expm1_ as expm1,
    floor_ as floor,
    floor_divide,
    floormod,
    log_ as log,
    log1p_ as log1p,
    maximum_ as maximum,
    minimum_ as minimum,
    multiply,
    negative,
    power,
    reciprocal,
    round_ as round,
    rsqrt,
    sign,
    sin,
    sinh,
    sqrt_ as sqrt,
    square,
    subtract,
    tan,
    tanh,
)
from klods.ops.comparison import (
    equal,
    greater,
    greater_equal,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from klods.ops.reduction import (
    argmax,
    argmin,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_std,
    reduce_sum,
    reduce_variance,
)
from klods.tensor import Tensor, convert_to_tensor

mod = floormod
pow = power
truediv = divide


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return (x - y)^2."""
    return square(subtract(x, y))


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Return log(sigmoid(x)) without overflow."""
    return -softplus(-convert_to_tensor(x))


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Tensor:
    """Return x divided by its Euclidean length along axes."""
    x = convert_to_tensor(x)
    return x * rsqrt(maximum(reduce_sum(square(x), axis, True), epsilon))


__getattr__ = reporter(__name__)
