"""Reading results: medians over rounds, and ratios of them."""

from __future__ import annotations

from math import prod
from statistics import median
from typing import Any

from measurements import CELLS
from peers import RIVALS

Results = dict[str, Any]  # of one table: commit, rounds, before, and runs: peer, label and figures of each job


def of(found: Results, peer: str, figure: str, label: str = "") -> float | None:
    """Return the median of a peer's figure over the rounds; None if it has none."""
    runs = [run for run in found["runs"] if run["peer"] == peer and run["label"] == label]
    values = [run[figure] for run in runs if figure in run]
    return median(values) if values else None


def ratio(found: Results, peer: str, figure: str, rival: str, other: str = "") -> float | None:
    """Return a peer's figure divided by a rival's; by another figure of the rival's if one is named."""
    ours, theirs = of(found, peer, figure), of(found, rival, other or figure)
    return None if ours is None or theirs is None else ours / theirs


def cells(found: Results) -> dict[tuple[int, int], dict[str, float]]:
    """Return the seconds of each peer in each cell."""
    peers = ["klods", *RIVALS]
    values = {cell: {p: of(found, p, "epoch_s", f"{cell[0]} x {cell[1]}") for p in peers} for cell in CELLS}
    return {cell: {p: v for p, v in row.items() if v is not None} for cell, row in values.items()}


def against_best(row: dict[str, float]) -> float | None:
    """Return klods's seconds in a cell divided by those of the fastest peer; None without peers."""
    rivals = [seconds for peer, seconds in row.items() if peer != "klods"]
    return row["klods"] / min(rivals) if rivals else None


def worst_cell(found: Results) -> float | None:
    return max(_ratios(found), default=None)


def mean_cell(found: Results) -> float | None:
    """Return the geometric mean of klods against the best peer in each cell."""
    ratios = _ratios(found)
    return prod(ratios) ** (1 / len(ratios)) if ratios else None


def _ratios(found: Results) -> list[float]:
    return [ratio for ratio in map(against_best, cells(found).values()) if ratio is not None]
