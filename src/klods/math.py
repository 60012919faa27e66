"""TensorFlow's `tf.math`: arithmetic, comparison and reductions under one name."""

from __future__ import annotations

from typing import Any

from klods.arranging import in_top_k, top_k
from klods.counting import (
    bincount,
    confusion_matrix,
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from klods.functions import (
    acosh,
    asinh,
    atan2,
    atanh,
    count_nonzero,
    cumulative_logsumexp,
    digamma,
    divide_no_nan,
    erfc,
    erfinv,
    invert_permutation,
    is_non_decreasing,
    is_strictly_increasing,
    lbeta,
    lgamma,
    multiply_no_nan,
    ndtri,
    polyval,
    reciprocal_no_nan,
    reduce_euclidean_norm,
    reduce_logsumexp,
    reduce_std,
    reduce_variance,
    rint,
    scalar_mul,
    squared_difference,
    xdivy,
    xlog1py,
    xlogy,
    zero_fraction,
)
from klods.missing import reporter
from klods.ops.activation import (
    log_softmax,
    sigmoid,
    softmax,
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
    log1p_ as log1p,
    log_ as log,
    maximum_ as maximum,
    minimum_ as minimum,
    multiply,
    negative,
    power,
    reciprocal,
    round_,
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
    cumprod,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from klods.tensor import Tensor, convert_to_tensor

floordiv = floor_divide
mod = floormod
pow = power
truediv = divide


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """Return the sum of a list of tensors of one shape."""
    return reduce_sum(inputs, 0)


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """Return the sum of a list of tensors of one shape."""
    return add_n(inputs)


def round(x: Any, name: str | None = None) -> Tensor:
    """Return the nearest integers, halves to the even one, in the dtype of x.

    Example:
        >>> round([0.5, 1.5]).numpy(), round([1, 2]).numpy()
        (array([0., 2.], dtype=float32), array([1, 2], dtype=int32))
    """
    x = convert_to_tensor(x)
    return round_(x) if x.value.dtype.kind == "f" else x


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Return log(sigmoid(x)) without overflow."""
    return -softplus(-convert_to_tensor(x))


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Tensor:
    """Return x divided by its Euclidean length along axes, of which the square counts as at least epsilon."""
    x = convert_to_tensor(x)
    return x * rsqrt(maximum(reduce_sum(square(x), axis, True), epsilon))


__all__ = [
    "abs",
    "accumulate_n",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bincount",
    "ceil",
    "confusion_matrix",
    "cos",
    "cosh",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "cumulative_logsumexp",
    "digamma",
    "divide",
    "divide_no_nan",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "in_top_k",
    "invert_permutation",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_non_decreasing",
    "is_strictly_increasing",
    "l2_normalize",
    "lbeta",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "multiply_no_nan",
    "ndtri",
    "negative",
    "not_equal",
    "polyval",
    "pow",
    "power",
    "reciprocal",
    "reciprocal_no_nan",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
    "rint",
    "round",
    "rsqrt",
    "scalar_mul",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "squared_difference",
    "subtract",
    "tan",
    "tanh",
    "top_k",
    "truediv",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
    "xdivy",
    "xlog1py",
    "xlogy",
    "zero_fraction",
]
__getattr__ = reporter(__name__)
