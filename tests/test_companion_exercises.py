"""The exercises of the sections after the first: likely mistakes are told, and what is right never is.

Right answers are the sections' own solutions; `tests/examples/test_companion_sections.py` hands them in.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import klods
from klods.companion.exercises import JUDGES, verdict

RING = np.array([[np.cos(a) * r, np.sin(a) * r] for r in (0.5, 2.0) for a in np.linspace(0, 6.2, 40)], np.float32)
INSIDE = np.repeat([0, 1], 40)


def into_first(x, y):
    x += y
    return x


def both(x, w, b):
    with klods.GradientTape() as tape:
        loss = klods.reduce_mean((x @ w + b) ** 2)
    return tape.gradient(loss, [w, b])


def total_loss(x, w, b):
    with klods.GradientTape() as tape:
        loss = klods.reduce_sum((x @ w + b) ** 2)
    return tape.gradient(loss, [w, b])


def up(variables, gradients, rate):
    for variable, gradient in zip(variables, gradients):
        variable.assign_add(rate * gradient)
    return variables


def unfinished(variables, gradients, rate):
    raise NotImplementedError


def forward(f, w, step=1e-4):
    return np.full(w.shape, (f(w + step) - f(w)) / step)


class Number:
    def __init__(self, value, made_from=()):
        self.value, self.made_from, self.slope = value, made_from, 0.0


def backward(result):
    for part, local in result.made_from:
        part.slope += local


WRONG = [
    ("bytes-of-images", 1000 * 64 * 64 * 3, "each takes some bytes"),
    ("bytes-of-images", 1000 * 64 * 64 * 4, "three colours"),
    ("bytes-of-images", 1000 * 64 * 64 * 3 * 8, "float64"),
    ("bytes-of-images", 5, "too small"),
    ("bytes-of-images", "many", "A number is asked for"),
    ("upper-left", lambda x: x[:, 14:, 14:], "numbers are wrong"),
    ("upper-left", lambda x: x[:14, :14], "shape"),
    ("count-batches", lambda samples, size: samples // size, "too small"),
    ("count-batches", lambda samples, size: samples // size + 1, "too large"),
    ("shape-of-texts", (20000, 5000), "samples come first"),
    ("shape-of-texts", 5000 * 20000, "a size for each axis"),
    ("shape-of-texts", (5000, 20000, 1), "shape"),
    ("count-windows", lambda steps, length: steps - length, "too small"),
    ("count-windows", lambda steps, length: steps // length, "too small"),
    ("to-grey", lambda x: x.sum(-1), "same factor"),
    ("to-grey", lambda x: x.mean(1), "shape"),
    ("naive-add", into_first, "writes into one"),
    ("naive-add", lambda x, y: x - y, "wrong"),
    ("broadcast-shape", 64, "a size for each axis"),
    ("broadcast-shape", (32, 10), "shape"),
    ("naive-matrix-product", lambda x, y: x[:, :2] * y[:1], "sum of products"),
    ("naive-matrix-product", lambda x, y: (x @ y).T, "shape"),
    ("quarter-turn", [[0, -1], [1, 0]], "other way round"),
    ("quarter-turn", np.eye(2), "wrong"),
    ("composed-maps", lambda a, b, c: (c[0] @ b[0] @ a[0], (a[1] @ b[0] + b[1]) @ c[0] + c[1]), "on the left"),
    ("composed-maps", lambda a, b, c: (a[0] @ b[0] @ c[0], a[1] + b[1] + c[1]), "other places"),
    ("composed-maps", lambda a, b, c: a[0] @ b[0] @ c[0], "Two things"),
    ("slope-of-cube", lambda x: 3 * x, "too"),
    ("slope-of-cube", lambda x: x**2, "too small"),
    ("measured-gradient", forward, "wrong|factor"),
    ("measured-gradient", lambda f, w: f(w), "shape"),
    ("step-of-descent", up, "sign"),
    ("step-of-descent", lambda variables, gradients, rate: variables, "as it was"),
    ("step-of-descent", lambda variables: variables, "raised TypeError"),
    ("step-of-descent", unfinished, r"raised NotImplementedError\.$"),
    ("two-paths", 48, "there is another"),
    ("two-paths", 16, "there is another, over the product"),
    ("two-paths", 65, "1 too large"),
    ("gradients-by-tape", total_loss, "gradient of w"),
    ("gradients-by-tape", lambda x, w, b: both(x, w, b)[::-1], "gradient of w: this has the shape"),
    ("gradients-by-tape", lambda x, w, b: [None, None], "is None"),
    ("gradients-by-tape", lambda x, w, b: both(x, w, b)[0], "Two gradients"),
    ("crossentropy", lambda b, y: -np.log(b[np.arange(len(y)), y]), "the mean of them"),
    ("crossentropy", lambda b, y: -np.log(b[np.arange(len(y)), y]).sum(), "their mean"),
    ("crossentropy", lambda b, y: np.log(b[np.arange(len(y)), y]).mean(), "sign"),
    ("number-of-updates", 469, "one epoch"),
    ("number-of-updates", 5 * 60000 // 128, "last batch"),
    ("number-of-updates", 60000, "too large"),
    ("falling-rate", lambda step, start, period: start * 0.5 ** (step / period), "too small"),
    ("falling-rate", lambda step, start, period: start / 2, "too small"),
    ("gradient-of-bias", lambda g: g.mean(axis=0), "same factor"),
    ("gradient-of-bias", lambda g: g.sum(axis=1), "shape"),
    ("equal-steps", 7, "1 too small"),
    ("entropy", lambda b: (b * np.log(b + 1e-12)).sum(axis=1), "sign"),
    ("entropy", lambda b: -(b * np.log(b)).sum(axis=1), "NaN"),
    ("entropy", lambda b: -(b * np.log2(b + 1e-12)).sum(axis=1), "same factor"),
    ("entropy", lambda b: -(b * np.log(b + 1e-12)).sum(), "shape"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong(name, answer, hint):
    told = verdict(JUDGES[name], answer)
    assert told.startswith("not yet. ")
    assert re.search(hint, told), told


@pytest.mark.parametrize(
    ("tanh", "told"),
    [
        (lambda n: Number(math.tanh(n.value), [(n, 1 - math.tanh(n.value) ** 2)]), "^right"),
        (lambda n: math.tanh(n.value), "A Number is asked for"),
        (lambda n: Number(math.tanh(n.value), [(n, 1.0)]), "Its slope: this is too large"),
        (lambda n: Number(math.sinh(n.value), [(n, 1 - math.tanh(n.value) ** 2)]), "Its value"),
        (lambda n: Number(math.tanh(n.value)), "Its slope: this is too small"),
    ],
)
def test_tanh_of_number(tanh, told):
    assert re.search(told, verdict(JUDGES["tanh-of-number"], tanh, Number, backward))


@pytest.mark.parametrize(
    ("accuracy", "told"),
    [(0.7, "right"), (0.99, "No straight line"), (70.0, "in percent"), ("good", "A number is asked for")],
)
def test_one_straight_cut(accuracy, told):
    assert told in verdict(JUDGES["one-straight-cut"], accuracy, RING, INSIDE)


@pytest.mark.parametrize("name", sorted({name for name, *_ in WRONG} | {"tanh-of-number", "one-straight-cut"}))
def test_open_answers_are_open(name):
    assert verdict(JUDGES[name], ..., 1, 2) == "not answered yet."
