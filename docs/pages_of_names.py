"""The pages of the reference: which names they have. What is said of each stands in its docstring."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

from klods import errors

INDEX = "# Reference\n\nMade from the docstrings; each example in them is run by the tests.\n\n```{toctree}\n%s\n```\n"
# Classes whose methods are of use to whoever has an object or derives a class.
WITH_METHODS = """
Tensor Variable GradientTape Dataset Function Explanation Comparison Picture Slides Layer Model Sequential Optimizer
Loss Metric Callback Initializer Regularizer Constraint LearningRateSchedule PyDataset Generator KerasTensor InputSpec
Progbar SeedGenerator Module TensorArray
""".split()


CONTROL = """
cond case switch_case while_loop map_fn vectorized_map scan foldl foldr py_function numpy_function Module TensorArray
control_dependencies device init_scope name_scope
"""
KINDS = [
    name
    for name, kind in vars(errors).items()
    if getattr(kind, "__module__", "") == errors.__name__ and inspect.isclass(kind)
]


class Room(NamedTuple):
    """A module on a page: its path, and names to show beside those in its `__all__`, or only some names."""

    module: str
    also: str = ""
    only: str = ""


PAGES: dict[str, tuple[str, list[Room]]] = {
    "tensors": (
        "Tensors, gradients and functions",
        [Room("klods", also="function TensorSpec backend set_backend"), Room("klods.compiled", only="Function")],
    ),
    "control": ("Control flow, structures and modules", [Room("klods", only=CONTROL), Room("klods.nest")]),
    "math": ("nn, math and linalg", [Room("klods.nn"), Room("klods.math"), Room("klods.linalg")]),
    "random": ("random and debugging", [Room("klods.random"), Room("klods.debugging"), Room("klods.config")]),
    "data": ("data", [Room("klods.data")]),
    "models": ("Models", [Room("klods.keras.models"), Room("klods.keras", only="Input KerasTensor")]),
    "layers": ("Layers", [Room("klods.keras.layers")]),
    "activations": ("Activations", [Room("klods.keras.activations")]),
    "initializers": (
        "Initializers, regularizers, constraints",
        [Room("klods.keras.initializers"), Room("klods.keras.regularizers"), Room("klods.keras.constraints")],
    ),
    "losses": ("Losses", [Room("klods.keras.losses")]),
    "metrics": ("Metrics", [Room("klods.keras.metrics")]),
    "optimizers": ("Optimizers", [Room("klods.keras.optimizers"), Room("klods.keras.optimizers.schedules")]),
    "callbacks": ("Callbacks", [Room("klods.keras.callbacks")]),
    "saving": ("Saving", [Room("klods.keras.saving")]),
    "datasets": (
        "Data sets",
        [
            Room(f"klods.keras.datasets.{name}")
            for name in "boston_housing california_housing cifar10 cifar100 fashion_mnist imdb mnist reuters".split()
        ],
    ),
    "utils": (
        "Utilities",
        [
            Room("klods.keras.utils"),
            Room("klods.keras.preprocessing.image"),
            Room("klods.keras.tree"),
            Room("klods.keras.random"),
        ],
    ),
    "show": ("Pictures", [Room("klods.show"), Room("klods.show.picture", only="Picture Slides")]),
    "explain": ("explain", [Room("klods.explanation")]),
    "errors": ("Errors and warnings", [Room("klods.errors", only=" ".join(KINDS))]),
}


def pages() -> dict[str, str]:
    """Return the pages by file name."""
    seen: dict[int, str] = {}
    texts = {f"reference/{name}.rst": "\n".join(text(title, rooms, seen)) for name, (title, rooms) in PAGES.items()}
    return {"reference/index.md": INDEX % "\n".join(PAGES)} | texts


def text(title: str, rooms: list[Room], seen: dict[int, str]) -> Iterator[str]:
    """Yield the lines of a page.

    Args:
        title: its heading.
        rooms: the modules on it.
        seen: what earlier pages have described, and as what; filled further.
    """
    yield f"{title}\n{'=' * len(title)}\n"
    for room in rooms:
        names = [name for name in names_of(room) if not inspect.ismodule(member(room.module, name))]
        if not names:
            continue
        yield f"{room.module}\n{'-' * len(room.module)}\n"
        yield "" if room.only else f".. module:: {room.module}\n"
        yield from entries(room.module, names, seen)


def entries(module: str, names: list[str], seen: dict[int, str]) -> Iterator[str]:
    """Yield the lines about each name; of several for one thing, the first has its description."""
    elsewhere = []
    for name in names:
        thing = member(module, name)
        if not callable(thing):
            yield f".. py:data:: {module}.{name}\n\n   ``{thing!r}``\n"
        elif id(thing) in seen:
            elsewhere.append(f"``{name}`` (:py:obj:`{seen[id(thing)]}`)")
        else:
            seen[id(thing)] = f"{module}.{name}"
            yield from directive(thing, f"{module}.{name}")
    if elsewhere:
        yield f"Further names for what is described already: {', '.join(elsewhere)}.\n"


def directive(thing: Any, path: str) -> Iterator[str]:
    """Yield the lines that have autodoc describe something."""
    yield f".. auto{'class' if inspect.isclass(thing) else 'function'}:: {path}"
    if inspect.isclass(thing) and thing.__name__ in WITH_METHODS:
        yield "   :members:"
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        yield "   :show-inheritance:"
    yield ""


def names_of(room: Room) -> list[str]:
    """Return the names that a module shows."""
    if room.only:
        return room.only.split()
    module = import_module(room.module)
    own = [name for name, thing in vars(module).items() if getattr(thing, "__module__", None) == room.module]
    listed = getattr(module, "__all__", [name for name in own if not name.startswith("_")])
    return [*listed, *room.also.split()]


def member(module: str, name: str) -> Any:
    """Return what a name of a module stands for."""
    return getattr(import_module(module), name)
