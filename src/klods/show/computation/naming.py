"""What the values of a recording are called, and how its operations are written."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np

from klods.explanation.names import NOUNS
from klods.show.computation.watcher import Step
from klods.show.numbers import number

LONGEST = 32  # characters of a formula
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "floor_divide": "//"}
SIGNS |= {"floormod": "%", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "=="}


class Names:
    """Gives each value a name of its own.

    Args:
        given: the names that values have already, by their ids.
        makers: by the ids of values, the operation that makes each, or the name of what it is folded into.
    """

    def __init__(self, given: Mapping[int, str], makers: Mapping[int, Step | str]) -> None:
        self._given, self._makers = given, makers
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()  # of the given names
        self._used = {*given.values()}

    def __getitem__(self, x: Any) -> str:
        """Return what an operand is called: a number is itself."""
        if is_number(x):
            return str(x) if x is None else number(x)
        maker = self._makers.get(id(x))
        if isinstance(maker, str):
            return maker
        if id(x) not in self._names:
            self._names[id(x)] = self._new(self._given.get(id(x)), maker)
        return self._names[id(x)]

    def _new(self, given: str | None, maker: Step | None) -> str:
        """Return the name that a value has, or one made after its operation; with a number if that is taken."""
        if given is not None and given not in self._taken:
            self._taken.add(given)
            return given
        block = "constant" if maker is None else maker.block.name
        wanted = given or NOUNS.get(block, block)
        numbered = (wanted if n == 1 else f"{wanted}_{n}" for n in count(1))
        word = next(w for w in numbered if w not in self._used)
        self._used.add(word)
        return word

    def formula(self, step: Step) -> str:
        """Return an operation as Python."""
        names, block = [self[x] for x in step.operands], step.block.name
        if block in SIGNS and len(names) == 2:
            text = f" {SIGNS[block]} ".join(names)
        elif block == "negative":
            text = f"-{names[0]}"
        elif block == "matmul":
            a, b = (f"{n}{'ᵀ' * bool(step.attributes.get(f'transpose_{side}'))}" for n, side in zip(names, "ab"))
            text = f"{a} @ {b}"
        elif block == "item":
            text = f"{names[0]}[{', '.join(map(_index, step.attributes['key']))}]"
        else:
            others = [f"{name}={x}" for name, x in step.attributes.items() if not callable(x)]
            text = f"{block}({', '.join([*names, *others])})"
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def is_number(x: Any) -> bool:
    """Tell whether an operand is no array but one of Python's numbers, or None."""
    return x is None or isinstance(x, (bool, int, float))


def _index(key: Any) -> str:
    if isinstance(key, slice):
        ends = ["" if n is None else str(n) for n in (key.start, key.stop, key.step)]
        return ":".join(ends if key.step is not None else ends[:2])
    return "..." if key is Ellipsis else str(key) if np.ndim(key) == 0 else f"array {np.shape(key)}"
