"""Writes keras-api.md, the page that says for each public name of Keras whether klods has it, and what differs.

    KERAS_BACKEND=jax python docs/api_table.py

It needs the real Keras (`make oracle` installs it). Whether something is there and takes the same arguments is found
out from the two libraries; why not is written in `api_reasons.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from api_compare import Change, differences, in_words, public_names
from api_reasons import ARGUMENTS, DIFFERENT, EVERYWHERE, HARMLESS, MISSING, OPENING

os.environ.setdefault("KERAS_BACKEND", "jax")
PAGE = Path(__file__).with_name("keras-api.md")
ROOMS = [
    "keras", "keras.models", "keras.layers", "keras.activations", "keras.initializers", "keras.regularizers",
    "keras.constraints", "keras.losses", "keras.metrics", "keras.optimizers", "keras.optimizers.schedules",
    "keras.callbacks", "keras.datasets", "keras.utils", "keras.preprocessing", "keras.preprocessing.image",
    "keras.preprocessing.sequence", "keras.saving", "keras.export", "keras.config", "keras.backend", "keras.random",
    "keras.ops", "keras.tree", "keras.dtype_policies", "keras.mixed_precision",
]  # fmt: skip
DATASETS = ("boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")
ROOMS[13:13] = [f"keras.datasets.{name}" for name in DATASETS]
# Classes whose members are looked at, with those of their base that have a section of their own left out.
CLASSES = {
    "keras.Layer": "", "keras.Model": "keras.Layer", "keras.Sequential": "keras.Model",
    "keras.optimizers.Optimizer": "",
    "keras.losses.Loss": "", "keras.metrics.Metric": "", "keras.callbacks.Callback": "",
    "keras.initializers.Initializer": "", "keras.regularizers.Regularizer": "", "keras.constraints.Constraint": "",
    "keras.optimizers.schedules.LearningRateSchedule": "", "keras.utils.PyDataset": "", "keras.utils.Progbar": "",
    "keras.random.SeedGenerator": "", "keras.KerasTensor": "", "keras.Variable": "",
}  # fmt: skip


SAMPLES: dict[str, Callable[[Any], Any]] = {
    "keras.losses.Loss": lambda keras: keras.losses.MeanSquaredError(),
    "keras.metrics.Metric": lambda keras: keras.metrics.Mean(),
    "keras.callbacks.Callback": lambda keras: keras.callbacks.Callback(),
    "keras.utils.PyDataset": lambda keras: keras.utils.PyDataset(),
    "keras.KerasTensor": lambda keras: keras.Input((1,)),
}
NOTHING = object()


class Row(NamedTuple):
    """A name of Keras, whether klods has it (`same`, `differs`, `no`), and why not or what differs."""

    name: str
    status: str
    why: str | None


def sections() -> Iterator[tuple[str, list[Row]]]:
    """Yield each module's and class's rows. A `why` of None is a hole without a reason."""
    for room in ROOMS:
        yield room, [row(room, name) for name in public_names(import_module(room)) if name != "src"]
    for owner, base in CLASSES.items():
        inherited = public_names(found(*base.rsplit(".", 1))) if base else []
        names = [name for name in public_names(found(*owner.rsplit(".", 1))) if name not in inherited]
        yield owner, [row(owner, name) for name in names]


def row(owner: str, name: str) -> Row:
    """Return what there is to say about one name."""
    ours, theirs = found(f"klods.{owner}", name), found(owner, name)
    if ours is NOTHING and not held(owner, name):
        return Row(name, "no", reason_in(MISSING.get(owner, {}), name))
    path = f"{owner}.{name}"
    changes = list(differences(ours, theirs)) if ours is not NOTHING else []
    changes += [Change("without", member) for member in lost_methods(ours, theirs)]
    changes = [change for change in changes if not overlooked(owner, path, change)]
    note = DIFFERENT.get(path)
    return Row(name, "differs", explained(changes, note)) if changes or note else Row(name, "same", "")


def overlooked(owner: str, path: str, change: Change) -> bool:
    """Tell whether a difference is said once for the whole module, or makes none."""
    of_all = EVERYWHERE[owner][1].get(change.verb, "") if owner in EVERYWHERE else ""
    return change.argument in of_all.split() or change.argument in HARMLESS.get(path, "").split()


def explained(changes: list[Change], note: str | None) -> str | None:
    """Return what differs and why; None if there is something that no reason is given for."""
    parts: dict[str | None, list[Change]] = {} if note is None else {note: []}
    for change in changes:
        parts.setdefault(reason_in(ARGUMENTS, change.argument) or note, []).append(change)
    if None in parts:
        return None
    told = [f"{in_words(part)}: {reason}" if part else str(reason) for reason, part in parts.items()]
    return ". ".join(sentence[0].upper() + sentence[1:] for sentence in told)


def reason_in(reasons: dict[str, str], name: str) -> str | None:
    """Return the reason that lists a name."""
    return next((reason for reason, names in reasons.items() if name in names.split()), None)


def lost_methods(ours: Any, theirs: Any) -> list[str]:
    """Return the methods of Keras's class that klods's lacks, but for those of bases that have their own section."""
    if not isinstance(ours, type) or not isinstance(theirs, type):
        return []
    bases = [found(*path.rsplit(".", 1)) for path in CLASSES]
    common = {name for base in bases if issubclass(theirs, base) for name in public_names(base)}
    methods = [name for name in public_names(theirs) if callable(getattr(theirs, name))]
    return [name for name in methods if name not in common and not hasattr(ours, name)]


@cache
def found(owner: str, name: str) -> Any:
    """Return what a module or class has under a name, or NOTHING."""
    parts = f"{owner}.{name}".split(".")
    thing: Any = import_module(parts[0])
    for part in parts[1:]:
        thing = getattr(thing, part, NOTHING)
    return thing


def held(owner: str, name: str) -> bool:
    """Tell whether klods's objects of a class have an attribute that the class itself hasn't."""
    return owner in SAMPLES and hasattr(sample(owner), name)


@cache
def sample(owner: str) -> Any:
    """Return an object of a class of klods."""
    return SAMPLES[owner](import_module("klods.keras"))


def page() -> str:
    """Return the whole page."""
    listed = list(sections())
    rows = [each for _, rows in listed for each in rows]
    parts = [OPENING.format(total=len(rows), **counts(rows)), "\n".join(overview(listed))]
    parts += ["\n".join(section(owner, rows)) for owner, rows in listed]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def overview(listed: list[tuple[str, list[Row]]]) -> Iterator[str]:
    """Yield a table of how many names each module and class has, with links."""
    yield "| | same | differs | no |\n|---|---|---|---|"
    for owner, rows in listed:
        yield f"| [{owner}](#{owner.replace('.', '').lower()}) | {' | '.join(map(str, counts(rows).values()))} |"


def counts(rows: list[Row]) -> dict[str, int]:
    """Return how many rows there are of each status."""
    return {status: sum(row.status == status for row in rows) for status in ("same", "differs", "no")}


def section(owner: str, rows: list[Row]) -> Iterator[str]:
    """Yield the lines of one module or class. Names of which the same is said share a row."""
    yield f"## {owner}\n"
    if owner in EVERYWHERE:
        yield f"{EVERYWHERE[owner][0]}\n"
    yield "| Keras | klods | why |\n|---|---|---|"
    said: dict[tuple[str, str | None], list[str]] = {}
    for each in sorted(rows, key=lambda row: ("same", "differs", "no").index(row.status)):
        said.setdefault((each.status, each.why), []).append(f"`{each.name}`")
    for (status, why), names in said.items():
        yield f"| {', '.join(names)} | {status} | {why or ('**no reason given**' if status != 'same' else '')} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
