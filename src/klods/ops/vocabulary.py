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
    """Return the error function, by Chebyshev series in t = 2 / (2 + |x|) of erfc(x) e^(x^2) / t.

    The form is that of Numerical Recipes, 3rd edition, section 6.2.2; the coefficients were computed for klods as the
    Chebyshev expansion of log(erfc(x) e^(x^2) / t).
    """
    z = np.abs(x)
    t = 2 / (2 + z)
    u = 4 * t - 2
    b, after = np.zeros_like(z), np.zeros_like(z)
    for coefficient in ERFC_SERIES[:0:-1]:
        b, after = u * b - after + coefficient, b
    tail = t * np.exp(-z * z + (0.5 * (ERFC_SERIES[0] + u * b) - after))
    return np.copysign(1 - tail, x)


def flush(x: Any) -> Any:
    """Return x with denormal numbers set to zero: some processors compute on them a hundred times slower."""
    return x * (np.abs(x) >= SMALLEST_NORMAL)


SMALLEST_NORMAL = np.finfo(np.float32).tiny
# Accurate to 6e-12 in float64.
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
)


def naive(body: Callable[..., Any]) -> Callable[..., Any]:
    """Return the naive reading of a body: the same code, on one Python number at a time.

    Example:
        >>> def relu(x):
        ...     return maximum(x, 0)
        >>> naive(relu)(-3.0)
        0
    """
    names = {**body.__globals__, **SCALAR}
    names |= {name: SimpleNamespace(**SCALAR) for name, x in names.items() if x is sys.modules[__name__]}
    scalar = FunctionType(body.__code__, names, body.__name__, body.__defaults__, body.__closure__)
    scalar.__kwdefaults__ = body.__kwdefaults__
    return scalar


def _ieee(function: Callable[[float], float], outside: Callable[[float], float]) -> Callable[[float], float]:
    """Return `function` with the result that IEEE 754 gives where Python raises."""

    def total(x: float) -> float:
        try:
            return function(x)
        except (ValueError, OverflowError, ZeroDivisionError):
            return outside(x)

    return total


def _nan(x: float) -> float:
    return math.nan


def _infinite(x: float) -> float:
    return math.inf


def _divide(x: float, y: float) -> float:
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def _floor_divide(x: float, y: float) -> float:
    if isinstance(x, int) and isinstance(y, int):
        return x // y if y else 0
    if y == 0:
        return _divide(x, y)
    return x // y if math.isfinite(x) else math.nan


def _modulo(x: float, y: float) -> float:
    if isinstance(x, int) and isinstance(y, int):
        return x % y if y else 0
    return x % y if y and math.isfinite(x) else math.nan


def _power(x: float, y: float) -> float:
    if isinstance(x, int) and isinstance(y, int):
        return x**y
    if x == 0 and y < 0:
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf
    try:
        return math.pow(x, y)
    except ValueError:
        return math.nan
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf


def _sign(x: float) -> float:
    return x if x != x else (x > 0) - (x < 0)


def _largest(x: float, y: float) -> float:
    return x if x > y or x != x else y


def _smallest(x: float, y: float) -> float:
    return x if x < y or x != x else y


def _log_outside(x: float) -> float:
    return -math.inf if x == 0 else math.nan


def _rint(x: float) -> float:
    return float(round(x)) if math.isfinite(x) else x


def _flush(x: float) -> float:
    return 0.0 if abs(x) < SMALLEST_NORMAL else x


SCALAR: dict[str, Callable[..., Any]] = {
    "divide": _divide,
    "floor_divide": _floor_divide,
    "modulo": _modulo,
    "power": _power,
    "absolute": abs,
    "sign": _sign,
    "sqrt": _ieee(math.sqrt, _nan),
    "exp": _ieee(math.exp, _infinite),
    "expm1": _ieee(math.expm1, _infinite),
    "log": _ieee(math.log, _log_outside),
    "log1p": _ieee(math.log1p, lambda x: _log_outside(1 + x)),
    "sin": _ieee(math.sin, _nan),
    "cos": _ieee(math.cos, _nan),
    "tan": _ieee(math.tan, _nan),
    "arcsin": _ieee(math.asin, _nan),
    "arccos": _ieee(math.acos, _nan),
    "arctan": math.atan,
    "sinh": _ieee(math.sinh, lambda x: math.copysign(math.inf, x)),
    "cosh": _ieee(math.cosh, _infinite),
    "tanh": math.tanh,
    "floor": _ieee(math.floor, lambda x: x),
    "ceil": _ieee(math.ceil, lambda x: x),
    "rint": _rint,
    "maximum": _largest,
    "minimum": _smallest,
    "logical_and": lambda x, y: bool(x) and bool(y),
    "logical_or": lambda x, y: bool(x) or bool(y),
    "logical_not": lambda x: not x,
    "invert": lambda x: not x if isinstance(x, bool) else ~x,
    "is_nan": math.isnan,
    "is_inf": math.isinf,
    "where": lambda condition, x, y: x if condition else y,
    "erf": math.erf,
    "flush": _flush,
}
