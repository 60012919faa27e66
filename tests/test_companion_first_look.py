"""The exercises of the first section: right answers are taken, likely mistakes are told."""

from __future__ import annotations

import re

import numpy as np
import pytest

from klods import keras
from klods.companion.exercises import JUDGES, verdict


def rows(images):
    return images.reshape(len(images), -1).astype("float32") / 255


def share(beliefs, labels):
    return float((beliefs.argmax(axis=1) == labels).mean())


@pytest.mark.parametrize(
    ("name", "answer"),
    [("scaled-pixels", rows), ("share-right", share), ("share-right", lambda b, y: np.float32(share(b, y)))],
)
def test_right(name, answer):
    assert verdict(JUDGES[name], answer) == "right."


WRONG = [
    ("scaled-pixels", lambda x: x.reshape(-1, 784), "The largest number is 255"),
    ("scaled-pixels", lambda x: x.reshape(-1, 784) / 255, "dtype is float64"),
    ("scaled-pixels", lambda x: x.astype("float32") / 255, r"has the shape \(5, 28, 28\)"),
    ("scaled-pixels", lambda x: rows(x)[:, ::-1], "numbers are wrong"),
    ("scaled-pixels", lambda x: (rows(x) > 0.5).astype("float32"), "numbers are wrong"),
    ("scaled-pixels", lambda x: x.reshape(60000, 784), "raised ValueError"),
    ("scaled-pixels", rows(np.zeros((1, 28, 28))), "A function is asked for"),
    ("share-right", lambda b, y: (b.argmax(1) == y).sum(), "how many rows"),
    ("share-right", lambda b, y: (b.argmax(1) != y).mean(), "read wrong"),
    ("share-right", lambda b, y: 100 * share(b, y), "percent"),
    ("share-right", lambda b, y: b.argmax(1) == y, "shape"),
    ("share-right", 0.98, "A function is asked for"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong(name, answer, hint):
    told = verdict(JUDGES[name], answer)
    assert told.startswith("not yet. ")
    assert re.search(hint, told), told


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (784 * 32 + 32 + 32 * 10 + 10, "right."),
        (784 * 32 + 32 * 10, "each unit has a bias"),
        (784 * 32 + 32, "one layer"),
        (784 * 32 + 32 + 32 * 10 + 9, "too small"),
        (5, "too small"),
        ([1, 2], "shape"),
        (np.array([1, 2]), "shape"),
        ("many", "A number is asked for"),
    ],
)
def test_parameters(count, told):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(32), keras.layers.Dense(10)])
    assert told in verdict(JUDGES["parameters"], count, model)
