"""The primitives that the bodies of blocks are written in, each in two readings.

A body is an ordinary function of scalars, such as `maximum(x, 0)`. As written, its names are the ones of this
module, which work on NumPy arrays: that is the vectorised reading. `naive` gives the same body the plain Python
functions of `SCALAR` instead, also where it writes `v.exp` for this module's `exp`: that is the reading that a nested
loop calls on one number at a time.
Besides these names a body may use Python's operators + - * < <= > >= == != & | ^ and unary minus.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from klods.ops import scalar

divide = np.true_divide
floor_divide = np.floor_divide
modulo = np.mod
power = operator.pow
absolute = np.abs
sign = np.sign
sqrt = np.sqrt
exp = np.exp
expm1 = np.expm1
log = np.log
log1p = np.log1p
sin = np.sin
cos = np.cos
tan = np.tan
arcsin = np.arcsin
arccos = np.arccos
arctan = np.arctan
sinh = np.sinh
cosh = np.cosh
tanh = np.tanh
floor = np.floor
ceil = np.ceil
rint = np.rint
maximum = np.maximum
minimum = np.minimum
logical_and = np.logical_and
logical_or = np.logical_or
logical_not = np.logical_not
invert = np.invert
is_nan = np.isnan
is_inf = np.isinf


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x where the condition holds, else y."""
    return np.where(condition, x, y)


def erf(x: Any) -> Any:
    """Return the error function: near 0 by its Taylor series, beyond 1 by that of erfc, within 3 ulp.

    The latter has the form of Numerical Recipes, 3rd edition, section 6.2.2, in t = 2 / (2 + |x|); the coefficients
    were computed for klods as the Chebyshev expansion of log(erfc(x) e^(x^2) / t).
    """
    z, double = np.abs(x), np.result_type(x) == np.float64
    square = np.minimum(z * z, 1)
    near = np.zeros_like(z)
    for coefficient in reversed(ERF_SERIES if double else ERF_SERIES[:11]):
        near = near * square + coefficient
    t = 2 / (2 + z)
    u = 4 * t - 2
    b, after = np.zeros_like(z), np.zeros_like(z)
    for coefficient in reversed(ERFC_SERIES[1:] if double else ERFC_SERIES[1:14]):
        b, after = u * b - after + coefficient, b
    tail = t * np.exp(-z * z + (0.5 * (ERFC_SERIES[0] + u * b) - after))
    return np.where(z < 1, x * near, np.copysign(1 - tail, x))


def flush(x: Any) -> Any:
    """Return x with denormal numbers set to zero: some processors compute on them a hundred times slower."""
    return x * (np.abs(x) >= SMALLEST_NORMAL)


SMALLEST_NORMAL = np.finfo(np.float32).tiny
ERF_SERIES = [2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(19)]
ERFC_SERIES = (
    -1.3026537197817094,
    0.6419697923564902,
    0.019476473204185836,
    -0.009561514786808632,
    -0.0009465953444820369,
    0.00036683949785276145,
    4.252332480690777e-05,
    -2.0278578112534242e-05,
    -1.6242900046470256e-06,
    1.3036558355805232e-06,
    1.5626441722066142e-08,
    -8.523809591492654e-08,
    6.5290544390988515e-09,
    5.059343495551469e-09,
    -9.91364156493033e-10,
    -2.273651222931836e-10,
    9.646791102015527e-11,
    2.3940380830391146e-12,
    -6.886027526497553e-12,
    8.944879273090726e-13,
    3.1309213993429584e-13,
    -1.1270822361367252e-13,
    3.810905255189232e-16,
    7.106097613609237e-15,
    -1.5230282014571043e-15,
)


def naive(body: Callable[..., Any]) -> Callable[..., Any]:
    """Return the naive reading of a body: the same code, on one Python number at a time.

    Example:
        >>> def relu(x):
        ...     return maximum(x, 0)
        >>> naive(relu)(-3.0)
        0
    """
    return reading(body, SCALAR)


def reading(body: Callable[..., Any], names: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return the same code as a body's with other functions under the vocabulary's names."""
    found = {**body.__globals__, **names}
    found |= {name: SimpleNamespace(**names) for name, x in found.items() if x is sys.modules[__name__]}
    copy = FunctionType(body.__code__, found, body.__name__, body.__defaults__, body.__closure__)
    copy.__kwdefaults__ = body.__kwdefaults__
    return copy


SCALAR: dict[str, Callable[..., Any]] = {
    "divide": scalar.divide,
    "floor_divide": scalar.floor_divide,
    "modulo": scalar.modulo,
    "power": scalar.power,
    "absolute": abs,
    "sign": scalar.sign,
    "sqrt": scalar.sqrt,
    "exp": scalar.exp,
    "expm1": scalar.expm1,
    "log": scalar.log,
    "log1p": scalar.log1p,
    "sin": scalar.sin,
    "cos": scalar.cos,
    "tan": scalar.tan,
    "arcsin": scalar.arcsin,
    "arccos": scalar.arccos,
    "arctan": math.atan,
    "sinh": scalar.sinh,
    "cosh": scalar.cosh,
    "tanh": math.tanh,
    "floor": scalar.floor,
    "ceil": scalar.ceil,
    "rint": scalar.rint,
    "maximum": scalar.maximum,
    "minimum": scalar.minimum,
    "logical_and": scalar.logical_and,
    "logical_or": scalar.logical_or,
    "logical_not": operator.not_,
    "invert": scalar.invert,
    "is_nan": math.isnan,
    "is_inf": math.isinf,
    "where": scalar.where,
    "erf": math.erf,
    "flush": scalar.flush,
}
