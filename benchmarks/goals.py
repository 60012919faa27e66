"""What klods set out to reach, and what was measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from peers import RIVALS
from results import Results, mean_cell, of, ratio, worst_cell


class Goal(NamedTuple):
    """A figure that is to be at most so much.

    Attributes:
        title: what it is.
        table: the table that it is measured in.
        value: returns it from this table, for klods in a mode.
        compiled: the bound for klods with machine code; None if none was set.
        vectorised: the bound for klods in NumPy mode.
    """

    title: str
    table: str
    value: Callable[[Results, str], float | None]
    compiled: float | None
    vectorised: float | None


def figure(name: str) -> Callable[[Results, str], float | None]:
    return partial(of, figure=name)


def against(rival: str, name: str) -> Callable[[Results, str], float | None]:
    return partial(ratio, figure=name, rival=rival)


def eager(found: Results, peer: str) -> float | None:
    """Return the step under `function` against the eager one."""
    return ratio(found, peer, "function_epoch_s", peer, "epoch_s")


def of_cells(value: Callable[[Results], float | None]) -> Callable[[Results, str], float | None]:
    return lambda found, peer: value(found) if peer == "klods" else None


def best(name: str) -> Callable[[Results, str], float | None]:
    """Return a figure against that of the fastest peer."""

    def value(found: Results, peer: str) -> float | None:
        ratios = [ratio(found, peer, name, rival) for rival in RIVALS]
        return max((x for x in ratios if x is not None), default=None)

    return value


GOALS = [
    Goal("an epoch, against Keras on JAX", "chapter", against("jax", "epoch_s"), 0.70, None),
    Goal("an epoch, against Keras on TensorFlow", "chapter", against("tensorflow", "epoch_s"), 0.38, 1.0),
    Goal("an epoch, against Keras on torch", "chapter", against("torch", "epoch_s"), 0.35, None),
    Goal("an epoch, against the five products alone", "chapter", against("products", "epoch_s"), 1.30, None),
    Goal("the whole process, against Keras on JAX", "chapter", against("jax", "whole_s"), 0.50, None),
    Goal("the whole process, against Keras on TensorFlow", "chapter", against("tensorflow", "whole_s"), None, 0.5),
    Goal("the first step, ms", "first-step", figure("first_step_ms"), 150, None),
    Goal("predict 10 images, warm, ms", "chapter", figure("predict_10_ms"), 0.15, 0.5),
    Goal("evaluate 10,000 images, s", "chapter", figure("evaluate_s"), 0.12, None),
    Goal("12 cells with Adam, the worst against the best peer", "cells", of_cells(worst_cell), 1.0, None),
    Goal("12 cells with Adam, geometric mean", "cells", of_cells(mean_cell), 0.5, None),
    Goal("from scratch, eager, against TensorFlow", "scratch", against("tensorflow", "epoch_s"), 0.30, 0.35),
    Goal("from scratch, eager, against torch", "scratch", against("torch", "epoch_s"), 1.3, None),
    Goal("from scratch, under `function` against eager", "scratch", eager, 0.8, None),
    Goal("gradient of `2 * x + 3`, µs", "scratch", figure("tape_us"), 20, 20),
    Goal("`x + x`, 2 by 2, µs", "scratch", figure("add_us"), 1.5, 1.5),
    Goal("reviews, batches of 512, against the best peer", "book", best("reviews_s"), 0.7, None),
    Goal("reviews one by one, against the best peer", "book", best("single_s"), 0.7, None),
    Goal("newswires, against the best peer", "book", best("newswires_s"), 0.7, None),
    Goal("tickets, against the best peer", "book", best("tickets_s"), 0.7, None),
    Goal("a step of a tiny network, µs", "book", figure("tiny_us"), 40, None),
    Goal("100 layers and their summary, ms", "book", figure("layers_ms"), 50, None),
    Goal("`import klods` after `import numpy`, ms", "small", figure("import_ms"), 60, None),
    Goal("peak memory, MB", "chapter", figure("peak_mb"), 420, 500),
]


def rows(tables: dict[str, Any], number: Callable[[float | None], str]) -> list[list[str]]:
    """Return the rows of the goals whose tables were measured: title, and for both modes the figure and the bound."""
    measured = [(goal, tables[goal.table]) for goal in GOALS if goal.table in tables]
    found = [(goal, goal.value(table, "klods"), goal.value(table, "klods-numpy")) for goal, table in measured]
    return [
        [goal.title, number(a), number(goal.compiled), number(b), number(goal.vectorised)]
        for goal, a, b in found
        if a is not None or b is not None
    ]
