"""The calls of `keras.ops` that `test_ops` makes under both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


def call(name: str, *arguments: Any, **named: Any) -> Call:
    return name, arguments, named


def each(names: str, *arguments: Any, **named: Any) -> list[Call]:
    return [call(name, *arguments, **named) for name in names.split()]


RANDOM = np.random.default_rng(2)
MATRIX = RANDOM.normal(size=(3, 4)).astype("float32")
CUBE = RANDOM.normal(size=(2, 3, 4)).astype("float32")
ROW = np.float32([0.5, -1.5, 2.5, 3.0])
INTEGERS = np.int32([[3, -1, 2], [0, 5, 3]])
SMALL = np.uint8([200, 100, 3])
TRUTHS = np.array([[True, False], [True, True]])
POSITIVE = np.abs(CUBE) + 0.1
INSIDE = np.tanh(MATRIX)
ODD = np.float32([np.nan, np.inf, -np.inf, 1.0, -0.0])
HOT = np.eye(4, dtype="float32")[:3]

COMPARED = "equal not_equal less less_equal greater greater_equal"
CALLS = [
    *each(
        "abs absolute ceil copy cos cosh elu erf exp expm1 floor gelu hard_sigmoid hard_silu hard_swish hard_tanh", CUBE
    ),
    *each(
        "isfinite isinf isnan leaky_relu log_sigmoid logical_not negative ravel relu relu6 round selu sigmoid sign",
        CUBE,
    ),
    *each("silu sin sinh softplus softsign square swish tan tanh trunc reciprocal nan_to_num flip transpose", CUBE),
    *each("zeros_like ones_like argmax argmin nonzero convert_to_tensor array stop_gradient cumsum cumprod", CUBE),
    *each("count_nonzero sum prod max min mean var std amax amin all any softmax log_softmax sort argsort", CUBE),
    *each("logsumexp norm normalize tril triu shape ndim size is_tensor convert_to_numpy", CUBE),
    *each("sum mean max argmax var", CUBE, axis=0, keepdims=True),
    *each("sum mean max argmax var", CUBE, axis=-1, keepdims=True),
    *each("sqrt rsqrt log log2 log10 log1p", POSITIVE),
    *each("arcsin arccos arctan", INSIDE),
    *each("isnan isinf isfinite nan_to_num sign relu tanh", ODD),
    *each("sum prod cumsum cumprod mean max std count_nonzero", SMALL),
    *each("sum prod cumsum cumprod mean max std count_nonzero", INTEGERS),
    *each("round floor ceil trunc sqrt exp sign abs square isnan", INTEGERS),
    *each("sum prod mean any all cumsum", TRUTHS, axis=0),
    *each(f"add subtract multiply divide true_divide maximum minimum {COMPARED}", CUBE, ROW),
    *each(f"add subtract multiply divide true_divide maximum minimum {COMPARED}", INTEGERS, 2),
    *each(f"add subtract multiply divide true_divide maximum minimum {COMPARED}", INTEGERS, 2.5),
    *each(f"add subtract multiply divide true_divide maximum minimum {COMPARED}", SMALL, SMALL),
    call("sum", CUBE, axis=(0, 2)),
    call("max", MATRIX, initial=9.0, axis=1),
    call("min", MATRIX, initial=-9.0),
    call("argmax", MATRIX, keepdims=True),
    call("argmin", MATRIX, axis=1),
    call("prod", INTEGERS, dtype="float32"),
    call("average", MATRIX),
    call("average", MATRIX, axis=1, weights=ROW),
    call("moments", CUBE, [0, 1]),
    call("mod", INTEGERS, 3),
    call("mod", MATRIX, 0.7),
    call("floor_divide", INTEGERS, 2),
    call("power", INTEGERS, 2),
    call("power", POSITIVE, ROW),
    call("logaddexp", MATRIX, ROW),
    call("divide_no_nan", ROW, np.float32([0, 1, 2, 0])),
    call("logical_and", TRUTHS, [True, False]),
    call("logical_or", TRUTHS, False),
    call("logical_xor", TRUTHS, True),
    call("bitwise_and", INTEGERS, 3),
    call("bitwise_or", INTEGERS, 3),
    call("bitwise_xor", INTEGERS, 3),
    call("bitwise_not", INTEGERS),
    call("bitwise_invert", SMALL),
    call("clip", MATRIX, -0.5, 0.5),
    call("isclose", ODD, ODD),
    call("isclose", ODD, ODD, equal_nan=True),
    call("allclose", MATRIX, MATRIX + 1e-09),
    call("round", MATRIX, decimals=2),
    call("nan_to_num", ODD, 7.0, 8.0, 9.0),
    call("cast", MATRIX, "int32"),
    call("elu", MATRIX, 0.5),
    call("leaky_relu", MATRIX, negative_slope=0.5),
    call("gelu", MATRIX, approximate=False),
    call("softmax", CUBE, axis=None),
    call("softmax", CUBE, axis=1),
    call("log_softmax", CUBE, axis=None),
    call("matmul", MATRIX, CUBE[0].T),
    call("matmul", CUBE, ROW),
    call("dot", MATRIX, ROW),
    call("dot", 2.0, ROW),
    call("dot", MATRIX, MATRIX.T),
    call("dot", CUBE, MATRIX.T),
    call("inner", MATRIX, MATRIX),
    call("vdot", ROW, ROW),
    call("outer", ROW, ROW[:2]),
    call("tensordot", CUBE, MATRIX, axes=[[1, 2], [0, 1]]),
    call("tensordot", MATRIX, MATRIX),
    call("einsum", "ij,kj->ik", MATRIX, MATRIX),
    call("einsum", "...j->...", CUBE),
    call("norm", MATRIX, axis=1),
    call("norm", MATRIX, 1, 1),
    call("norm", MATRIX, ord="fro", axis=(0, 1)),
    call("normalize", MATRIX, order=1),
    call("trace", MATRIX),
    call("trace", CUBE, 1, 1, 2),
    call("diagonal", MATRIX),
    call("diagonal", MATRIX, -1),
    call("diagonal", CUBE, 2, 0, 2),
    call("tril", CUBE, 1),
    call("triu", CUBE, -1),
    call("eye", 3),
    call("eye", 2, 3, 1),
    call("identity", 2),
    call("tri", 2, 3),
    call("tri", 3, k=-1, dtype="int32"),
    call("arange", 4),
    call("arange", 1, 2.5, 0.5),
    call("arange", 3, 0, -1, dtype="float32"),
    call("linspace", 0, 1, num=5),
    call("linspace", 0.0, 1.0, 4, endpoint=False),
    call("full", (2,), 3),
    call("full", (2,), 3, dtype="int32"),
    call("full_like", INTEGERS, 2),
    call("zeros", (2, 2)),
    call("ones", (2,), dtype="bool"),
    call("one_hot", [0, 2], 3),
    call("one_hot", [[1, 0]], 2, axis=0, dtype="int32"),
    call("reshape", CUBE, (-1, 3)),
    call("transpose", CUBE, (1, 0, 2)),
    call("expand_dims", MATRIX, -1),
    call("expand_dims", MATRIX, (0, -1)),
    call("squeeze", MATRIX[None]),
    call("squeeze", MATRIX[None], axis=0),
    call("swapaxes", CUBE, 0, -1),
    call("moveaxis", CUBE, 0, -1),
    call("moveaxis", CUBE, (0, 1), (-1, 0)),
    call("concatenate", [MATRIX, MATRIX]),
    call("concatenate", [MATRIX, MATRIX], axis=-1),
    call("append", MATRIX, ROW),
    call("append", MATRIX, MATRIX, 0),
    call("hstack", [ROW, ROW]),
    call("hstack", [MATRIX, MATRIX]),
    call("vstack", [ROW, ROW]),
    call("stack", [ROW, ROW], axis=1),
    call("unstack", MATRIX, axis=1),
    call("split", MATRIX, 2, axis=1),
    call("split", MATRIX, [1, 3], 1),
    call("tile", MATRIX, 2),
    call("tile", MATRIX, (2, 1, 3)),
    call("repeat", MATRIX, 2),
    call("repeat", MATRIX, 2, axis=0),
    call("pad", MATRIX, 1),
    call("pad", MATRIX, ((1, 0), (0, 2)), "reflect"),
    call("pad", MATRIX, (1, 2), constant_values=7),
    call("flip", CUBE, axis=1),
    call("roll", MATRIX, 2),
    call("roll", MATRIX, -1, 1),
    call("broadcast_to", ROW, (2, 4)),
    call("where", MATRIX > 0, MATRIX, 0.0),
    call("where", MATRIX > 0),
    call("take", MATRIX, [0, -1]),
    call("take", MATRIX, [[2, 0]], axis=1),
    call("take", MATRIX, 1, axis=-1),
    call("take_along_axis", MATRIX, np.argsort(MATRIX, 1), axis=1),
    call("take_along_axis", MATRIX, np.array([5, 0])),
    call("get_item", CUBE, (0, slice(1, 3))),
    call("slice", CUBE, (0, 1, 1), (2, 2, 2)),
    *each("celu hard_shrink soft_shrink sparse_plus sparse_sigmoid squareplus tanh_shrink", CUBE),
    call("glu", CUBE),
    call("threshold", CUBE, 0.3, -1.0),
    call("sparsemax", 9 * MATRIX),  # of which one element is left: with more, Keras's results don't sum to 1
    call("sort", CUBE, axis=0),
    call("argsort", MATRIX, axis=None),
    call("sort", MATRIX, axis=None),
    call("top_k", MATRIX, 2),
    call("logsumexp", CUBE, axis=1),
    call("in_top_k", np.int32([0, 2, 3]), MATRIX, 2),
    call("cumsum", CUBE, axis=1),
    call("cumprod", CUBE, axis=-1),
    call("binary_crossentropy", np.float32([0, 1, 1, 0]), np.float32([0.2, 0.9, 0.4, 0])),
    call("binary_crossentropy", np.float32([0, 1, 1, 0]), ROW, from_logits=True),
    call("categorical_crossentropy", HOT, np.abs(MATRIX)),
    call("categorical_crossentropy", HOT, MATRIX, from_logits=True),
    call("sparse_categorical_crossentropy", np.int32([0, 3, 1]), np.abs(MATRIX)),
    call("sparse_categorical_crossentropy", np.int32([0, 3, 1]), MATRIX, from_logits=True),
]
