"""Results as Markdown: figures of klods beside its peers, and klods beside its goals."""

from __future__ import annotations

from goals import rows as goal_rows
from peers import PEERS, RIVALS
from results import Results, against_best, cells, mean_cell, of, ratio, worst_cell

FIGURES = {  # table -> its rows: the figure in the results, what it is
    "chapter": [
        ("epoch_s", "an epoch, s"),
        ("dense_epoch_s", "an epoch on images without zeros, s"),
        ("whole_s", "whole process, import to test accuracy, s"),
        ("import_s", "import, s"),
        ("evaluate_s", "evaluate 10,000 images, the first time, s"),
        ("evaluate_warm_s", "evaluate 10,000 images, warm, s"),
        ("predict_10_ms", "predict 10 images, warm, ms"),
        ("peak_mb", "peak memory, MB"),
        ("test_accuracy", "test accuracy"),
    ],
    "first-step": [
        ("compile_ms", "making the model and `compile`, ms"),
        ("first_step_ms", "the first step beyond a warm one, ms"),
        ("warm_step_ms", "`fit` on one batch, warm, ms"),
    ],
    "scratch": [
        ("epoch_s", "an epoch, eager, s"),
        ("function_epoch_s", "an epoch, the step under `function`, s"),
        ("tape_us", "gradient of `2 * x + 3`, µs"),
        ("add_us", "`x + x`, 2 by 2, µs"),
        ("import_s", "import, s"),
        ("test_accuracy", "test accuracy"),
    ],
    "book": [
        ("reviews_s", "chapter 4, reviews: 10,000-16-16-1, batches of 512, an epoch, s"),
        ("single_s", "the same, 1,000 reviews one by one, s"),
        ("newswires_s", "chapter 4, newswires: 10,000-64-64-46, batches of 512, an epoch, s"),
        ("tickets_s", "chapter 7, tickets: three inputs, two outputs, batches of 128, an epoch, s"),
        ("tiny_us", "a step of a 4-16-1 network, batches of 16, µs"),
        ("layers_ms", "building 100 layers and their summary, ms"),
    ],
    "small": [
        ("import_ms", "`import klods` after `import numpy`, ms"),
        ("import_keras_ms", "`import klods.keras` after that, ms"),
        ("leaked_mb", "left behind by 1,000 predictions and 100 models, MB"),
    ],
}
TITLES = {
    "chapter": "The chapter's network: 784-512-10, RMSprop, batches of 128 of the 60,000 MNIST images, five epochs",
    "first-step": "The first step of that network in a fresh process: tracing, simplifying, compiling",
    "scratch": "The same network written by hand: tape, SGD",
    "book": "Models of the book's chapters 4 and 7, on data made to their sizes",
    "small": "klods alone",
    "cells": "Seconds an epoch with Adam, three epochs, other batch sizes and widths",
}
BARE = {"scratch": {"tensorflow": "TensorFlow", "torch": "torch"}}  # titles where Keras takes no part


def report(results: Results) -> str:
    """Return everything that a file of results holds as Markdown."""
    parts = [heading(results)]
    for table in TITLES:
        if table in results["tables"]:
            found = results["tables"][table]
            body = twelve_cells(found) if table == "cells" else figures(table, found)
            parts.append(f"**{TITLES[table]}** ({rounds(found)})\n\n{body}")
    return "\n\n".join([*parts, goals(results["tables"])])


def heading(results: Results) -> str:
    """Return the machine, the day and the versions."""
    machine, versions = results["machine"], results["versions"]
    packages = {name: " and ".join(sorted(numbers)) for name, numbers in by_package(versions).items()}
    commits = sorted({table["commit"] for table in results["tables"].values() if table["commit"]})
    packages["klods"] += f" ({', '.join(commits)})" if commits else ""
    listed = ", ".join(f"{name} {number}" for name, number in packages.items())
    quick = "**A quick run: it shows that everything works, the figures mean nothing.**\n\n" if results["quick"] else ""
    return (
        f"{quick}{results['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"{listed}.\nMedians; in brackets, klods's figure divided by the peer's."
    )


def by_package(versions: dict[str, dict[str, str]]) -> dict[str, set[str]]:
    """Return the versions of each package in all environments."""
    found: dict[str, set[str]] = {}
    for environment in versions.values():
        for package, version in environment.items():
            found.setdefault(package, set()).add(version)
    return found


def rounds(found: Results) -> str:
    """Return how often the jobs of a table ran, and whether something else ran then."""
    count, before = found["rounds"], found["before"]
    loads = ", ".join(f"{b['load']:.1f}" for b in before)
    busy = [b["busy"] for b in before if "busy" in b]
    others = f", other processes used {100 * max(busy):.0f} % of the cores at most" if busy else ""
    idle = f"; load average before {'them' if count > 1 else 'it'} {loads}{others}"
    return f"{count} round{'s' if count > 1 else ''}{idle}"


def figures(table: str, found: Results) -> str:
    """Return a table's figures: a row a figure, a column a peer."""
    peers = list(dict.fromkeys(run["peer"] for run in found["runs"]))
    titles = [BARE.get(table, {}).get(peer, PEERS[peer].title) for peer in peers]
    rows = [[title, *(beside(found, peer, figure) for peer in peers)] for figure, title in FIGURES[table]]
    return markdown(["", *titles], rows)


def beside(found: Results, peer: str, figure: str) -> str:
    """Return a peer's figure; in brackets klods's divided by it."""
    divided = ratio(found, "klods", figure, peer) if peer in (*RIVALS, "products") else None
    brackets = f" ({divided:.2g})" if divided is not None and figure != "test_accuracy" else ""
    return number(of(found, peer, figure)) + brackets


def twelve_cells(found: Results) -> str:
    """Return the cells: klods, the peers, and klods divided by the best of them."""
    measured = cells(found)
    rivals = [peer for peer in RIVALS if all(peer in row for row in measured.values())]
    titles = ["batch", "hidden", "klods", *(PEERS[peer].title for peer in rivals), "klods / best peer"]
    rows = [
        [str(batch), str(hidden), *(number(row[peer]) for peer in ["klods", *rivals]), number(against_best(row))]
        for (batch, hidden), row in measured.items()
    ]
    return f"{markdown(titles, rows)}\n\nWorst {number(worst_cell(found))}, geometric mean {number(mean_cell(found))}."


def goals(tables: dict[str, Results]) -> str:
    """Return klods beside its goals, in both modes."""
    titles = ["", "klods", "at most", "klods, NumPy mode", "at most"]
    return "**Beside what klods set out to reach**\n\n" + markdown(titles, goal_rows(tables, number))


def markdown(titles: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def number(value: float | None) -> str:
    """Return a number with three digits that count; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
