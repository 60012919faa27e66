"""The functions that call the blocks, and what each is tried on: an entry per block of `klods.ops.BLOCKS`."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from klods import ops
from klods.ops.block import Block

CALLS: dict[str, Callable[..., Any]] = {
    function.block.name: function
    for room in vars(ops).values()
    if isinstance(room, ModuleType)
    for function in vars(room).values()
    if isinstance(getattr(function, "block", None), Block)
}


class Sample(NamedTuple):
    """Operands and attributes of one call; `smooth` where derivatives exist all around."""

    inputs: tuple[Any, ...]
    attributes: dict[str, Any]
    smooth: bool


def at(*inputs: Any, **attributes: Any) -> Sample:
    return Sample(tuple(np.asarray(x) for x in inputs), attributes, smooth=False)


def smooth(*inputs: Any, **attributes: Any) -> Sample:
    return Sample(tuple(np.asarray(x, np.float64) for x in inputs), attributes, smooth=True)


def smooth_first(*inputs: Any, **attributes: Any) -> Sample:
    """Return a sample in which only the first operand is a floating one."""
    return Sample((np.asarray(inputs[0], np.float64), *map(np.asarray, inputs[1:])), attributes, smooth=True)


RANDOM = np.random.default_rng(0)
SPECIAL = np.array([-np.inf, -2.5, -1.0, -0.0, 0.0, 0.5, 2.0, np.inf, np.nan])
FINITE = np.array([-2.5, -1.0, -0.0, 0.0, 0.5, 2.0])
INTEGERS = np.array([-3, -1, 0, 2, 5], np.int32)
TRUTHS = np.array([True, False])
NOTHING = np.zeros((0, 2))
CUBE = RANDOM.normal(size=(2, 3, 4))
MATRIX = np.array([[0.7, -1.3, 0.4], [-0.6, 1.9, -2.2]])
WITH_ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 1.5, 0.0], [1.0, -2.0, 4.0]])


def between(low: float, high: float, shape: tuple[int, ...] = (2, 3)) -> np.ndarray:
    return RANDOM.uniform(low, high, shape)


def unary(*ranges: tuple[float, float]) -> list[Sample]:
    """Return samples of a function of one number that is smooth within the ranges."""
    points = [smooth(between(low, high)) for low, high in ranges]
    return [*points, smooth(points[0].inputs[0][0, 0]), at(SPECIAL), at(INTEGERS), at(NOTHING)]


def binary(*pairs: tuple[Any, Any], integers: bool = True) -> list[Sample]:
    """Return samples of a function of two numbers that is smooth at the pairs: broadcast, special, integer, empty."""
    crossed = [at(SPECIAL[:, None], SPECIAL), at(NOTHING, np.ones(2))]
    whole = [at(INTEGERS[:, None], INTEGERS), at(np.int32(7), INTEGERS)] if integers else []
    return [smooth(x, y) for x, y in pairs] + crossed + whole


def compared() -> list[Sample]:
    return [at(SPECIAL[:, None], SPECIAL), at(INTEGERS, np.int32(2)), at(NOTHING, 1.0), at(MATRIX, MATRIX[0])]


def logical() -> list[Sample]:
    return [at(TRUTHS[:, None], TRUTHS), at(INTEGERS[:, None], INTEGERS), at(FINITE, FINITE[::-1])]


def bits() -> list[Sample]:
    return [at(TRUTHS[:, None], TRUTHS), at(INTEGERS[:, None], INTEGERS), at(np.uint8([1, 200]), np.uint8([3, 255]))]


def reduced(*more: Sample) -> list[Sample]:
    """Return samples of a reduction, along all kinds of axes."""
    ways: list[dict[str, Any]] = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"keepdims": True}]
    return [smooth(CUBE, **way) for way in ways] + [smooth(1.5), at(INTEGERS), at(INTEGERS[None], axis=1), *more]


def total(*more: Sample) -> list[Sample]:
    """Return samples of a reduction that NaN, infinity and emptiness go through."""
    return reduced(at(SPECIAL[:7]), at(SPECIAL), at(NOTHING, axis=0), at(np.zeros((2, 0)), axis=1), *more)


APART = (between(0.5, 2), np.array([0.9, -1.4, 2.1]))  # for functions of two numbers, broadcast
SWAPPED = (np.array([[1.7], [-0.6]]), between(0.3, 1.1))

SAMPLES: dict[str, list[Sample]] = {
    # comparison
    **{name: compared() for name in "equal not_equal less less_equal greater greater_equal".split()},
    **{name: logical() for name in "logical_and logical_or logical_xor".split()},
    **{name: bits() for name in "bitwise_and bitwise_or bitwise_xor".split()},
    "invert": [at(TRUTHS), at(INTEGERS)],
    "logical_not": [at(TRUTHS), at(INTEGERS), at(SPECIAL)],
    **{name: [at(SPECIAL), at(INTEGERS), at(NOTHING)] for name in "is_nan is_inf is_finite".split()},
    "where": [
        Sample((np.array([[True], [False]]), MATRIX, MATRIX[0] + 1), {}, smooth=True),
        Sample((np.array([True, False, True]), np.float64(2), MATRIX), {}, smooth=True),
        at(TRUTHS, np.array([np.nan, 1]), np.array([2, np.inf])),
        at(TRUTHS, np.int32(1), INTEGERS[:2]),
    ],
    # arithmetic
    **{name: binary(APART, SWAPPED, (0.7, MATRIX)) for name in "add subtract multiply".split()},
    "divide": binary(APART, SWAPPED),
    "floor_divide": [at(SPECIAL[:, None], SPECIAL), at(INTEGERS[:, None], INTEGERS), at(MATRIX, 0.3)],
    "floormod": [
        smooth([[2.3], [-1.6]], [0.5, 1.3, -0.7]),
        at(SPECIAL[:, None], SPECIAL),
        at(INTEGERS[:, None], INTEGERS),
    ],
    "power": [
        *binary((between(0.5, 2), np.array([0.9, -1.4, 2.1])), integers=False),
        smooth_first(MATRIX, np.int32(2)),
        smooth_first(WITH_ZEROS, [3, 1, 0]),
        at(INTEGERS[:, None], np.array([0, 1, 2, 3], np.int32)),
    ],
    **{name: unary((-2, 2)) for name in "negative square exp expm1 sin cos atan sinh cosh tanh erf".split()},
    **{name: unary((0.2, 2), (-2, -0.2)) for name in "abs sign reciprocal".split()},
    **{name: unary((0.2, 3)) for name in "sqrt rsqrt log".split()},
    "log1p": unary((-0.8, 3)),
    "tan": unary((-1.2, 1.2)),
    **{name: unary((-0.8, 0.8)) for name in "asin acos".split()},
    **{name: [at(SPECIAL), at([-1.5, 0.5, 1.5, 2.5, 0.4]), at(INTEGERS)] for name in "floor ceil round".split()},
    **{name: binary(APART, SWAPPED) for name in "maximum minimum".split()},
    # activation
    "gate": binary((MATRIX, MATRIX[::-1].copy()), (0.7, MATRIX), integers=False),
    "relu": unary((0.2, 2), (-2, -0.2)),
    "leaky_relu": [*unary((0.2, 2), (-2, -0.2)), smooth(MATRIX, alpha=0.5)],
    "relu6": unary((0.2, 5), (-2, -0.2), (6.5, 9)),
    "sigmoid": [*unary((-3, 3)), at([-1000.0, 1000.0])],
    "softplus": [*unary((-3, -0.1), (0.1, 3)), at([-1000.0, 1000.0])],
    "elu": [*unary((0.2, 2), (-2, -0.2)), smooth(MATRIX, alpha=0.5)],
    "softsign": unary((0.2, 2), (-2, -0.2)),
    "sigmoid_cross_entropy": [
        smooth(MATRIX, between(0, 1)),
        smooth(MATRIX, [0.0, 1.0, 0.5]),
        at([-1000.0, 1000.0], [1.0, 0.0]),
    ],
    **{
        name: [smooth(MATRIX), smooth(CUBE, axis=0), smooth(CUBE, axis=1), at(INTEGERS), at([500.0, 500.5])]
        for name in ("softmax", "log_softmax")
    },
    # movement
    "reshape": [
        smooth(CUBE, shape=(4, 6)),
        smooth(CUBE, shape=(-1, 2)),
        smooth(1.5, shape=(1, 1)),
        at(NOTHING, shape=(0,)),
    ],
    "transpose": [smooth(CUBE), smooth(CUBE, perm=(1, 2, 0)), smooth(CUBE, perm=(0, -1, 1)), at(INTEGERS)],
    "broadcast_to": [smooth(MATRIX, shape=(4, 2, 3)), smooth(MATRIX[:, :1], shape=(2, 3)), smooth(1.5, shape=(2,))],
    "reverse": [smooth(CUBE, axis=(0,)), smooth(CUBE, axis=(1, -1)), at(INTEGERS, axis=(0,))],
    "pad_constant": [smooth(MATRIX, paddings=((1, 0), (2, 3))), at(INTEGERS, paddings=((1, 2),), constant_values=7)],
    "concatenate": [
        smooth(MATRIX, MATRIX[:, :1], axis=1),
        smooth(CUBE, CUBE, CUBE, axis=-3),
        at(INTEGERS, NOTHING[:, 0], axis=0),
    ],
    "cast": [
        smooth(MATRIX, dtype="float64"),
        at(FINITE, dtype="int32"),
        at(FINITE, dtype="bool"),
        at(TRUTHS, dtype="float32"),
    ],
    "identity": [smooth(MATRIX), at(INTEGERS)],
    "stop_gradient": [at(MATRIX), at(INTEGERS)],
    # picking
    "item": [
        smooth(CUBE, key=(1,)),
        smooth(CUBE, key=(slice(None), slice(2, 0, -1), None, 3)),
        smooth(CUBE, key=(Ellipsis, np.array([0, 0, 3]))),
        smooth(MATRIX, key=(MATRIX > 0,)),
        at(INTEGERS, key=(slice(1, 1),)),
    ],
    "put": [
        smooth(MATRIX, shape=(4, 3), key=(slice(1, 3),)),
        smooth([1.0, 2.0, 4.0], shape=(3,), key=(np.array([0, 2, 0]),)),
        at(2.0, shape=(2, 2), key=(1, 0)),
    ],
    "gather": [
        smooth_first(MATRIX, [1, 0, 1]),
        smooth_first(CUBE, [[2, 0], [1, 1]], axis=1),
        smooth_first(CUBE, 3, axis=-1),
        at(INTEGERS, np.zeros((0,), np.int32)),
    ],
    "pick": [smooth_first(MATRIX, [2, 0]), smooth_first(CUBE, [[0, 1, 2], [3, 3, 0]]), smooth_first(MATRIX[0], 1)],
    "segment_sum": [
        smooth_first([0.5, 2.0, -1.0], [2, 0, 2], num_segments=3),
        smooth_first(CUBE[0], [1, -1, 4], num_segments=3),
        at(INTEGERS, [0, 1, 1, 7, 0], num_segments=2),
        at(NOTHING[:, 0], np.zeros(0, np.int32), num_segments=2),
    ],
    "put_labels": [smooth_first([0.5, 2.0], [2, 0], classes=3), smooth_first(1.5, 1, classes=2)],
    "argsort": [
        at(SPECIAL[::-1]),
        at(SPECIAL, direction="DESCENDING"),
        at(MATRIX),
        at(CUBE, axis=0),
        at([2.0, 1, 2]),
        at([2, 1, 2], direction="DESCENDING"),
        at(NOTHING),
    ],
    # reduction
    "reduce_sum": total(at(TRUTHS)),
    "reduce_mean": total(at(TRUTHS)),
    "reduce_prod": total(smooth(WITH_ZEROS), smooth(WITH_ZEROS, axis=0), smooth(WITH_ZEROS, axis=-1, keepdims=True)),
    **{name: reduced(at(SPECIAL[:8]), at(TRUTHS)) for name in ("reduce_max", "reduce_min")},
    **{
        name: [at(x, axis=0) for x in (TRUTHS, INTEGERS, SPECIAL, NOTHING)]
        + [at(CUBE > 0), at(CUBE > 0, axis=1, keepdims=True), at(CUBE > 0, axis=(0, -1))]
        for name in ("reduce_all", "reduce_any")
    },
    **{
        name: [at(x) for x in (MATRIX, SPECIAL, SPECIAL[::-1], SPECIAL[:8], [1, 3, 3, 1], TRUTHS)]
        + [at(CUBE, axis=1), at(CUBE, axis=-1, output_type="int32")]
        for name in ("argmax", "argmin")
    },
    "running_sum": [smooth(MATRIX), smooth(CUBE, axis=-2), at(INTEGERS), at(TRUTHS), at(NOTHING)],
    # effects
    "call": [
        at(MATRIX, function=np.sum, shape=(), dtype="float32"),
        at(MATRIX, TRUTHS, function=lambda x, y: x[0] > y.sum(), shape=(3,), dtype="bool"),
        at(function=lambda: [1, 2], shape=(2,), dtype="int64"),
    ],
    # product
    "matmul": [
        smooth(MATRIX, CUBE[0]),
        smooth(MATRIX, MATRIX, transpose_a=True),
        smooth(MATRIX, MATRIX, transpose_b=True),
        smooth(MATRIX.T, CUBE[0].T, transpose_a=True, transpose_b=True),
        smooth(CUBE[:, None], between(-1, 1, (3, 4, 2))),
        smooth(MATRIX[0], CUBE),
        smooth(CUBE, CUBE[0, 0]),
        smooth(MATRIX, MATRIX[:, 0], transpose_a=True),
        smooth(MATRIX[0], MATRIX, transpose_b=True),
        smooth(MATRIX[0], MATRIX[1]),
        at(INTEGERS[:, None], INTEGERS[None]),
        at(np.zeros((2, 0)), np.zeros((0, 3))),
    ],
    "einsum": [
        smooth(MATRIX, CUBE[0], equation="ij,jk->ik"),
        smooth(CUBE, CUBE, equation="bij,bkj->bik"),
        smooth(MATRIX, equation="ij->ji"),
        smooth(MATRIX, equation="ij->"),
        smooth(CUBE, equation="ijk->j"),
        smooth(MATRIX[0], MATRIX[1], equation="i,i->"),
        smooth(MATRIX[0], MATRIX[:, 0], equation="i,j->ji"),
        smooth(MATRIX, CUBE, MATRIX[0], equation="ij,ijk,j->k"),
        at(INTEGERS, INTEGERS, equation="i,i->i"),
    ],
}
