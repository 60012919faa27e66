"""What the graph of a recording shows: its nodes with their figures, its edges with their derivatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from klods.show.computation.derivatives import LENGTH, NONE, Derivative, derivative
from klods.show.computation.naming import Names, is_number
from klods.show.computation.recording import Recording
from klods.show.computation.watcher import Step, kind_of, unwatched
from klods.show.numbers import length_of, number, shape_of
from klods.tape import backward
from klods.tensor import Tensor, TensorLike

LARGE = 12  # operations of a graph that is folded unasked
HALF = 20  # boxes at the beginning and at the end of a graph that is folded in the middle


@dataclass(frozen=True, eq=False)
class Node:
    """A value, or several operations folded into one.

    Attributes:
        key: its own.
        name: what it is called.
        formula: what makes it; nothing if it is given.
        kind: `given`, `weight`, `constant`, `operation`, `folded` or `failed`.
        value: its array; None if there is none.
        gradient: the result's gradient with respect to it; None if there is none.
        within: the layer or loss that it is computed in.
        extra: further figures, with what they are.
    """

    key: int
    name: str
    formula: str
    kind: str
    value: Any = None
    gradient: Any = None
    within: str = ""
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Edge:
    """A node that another is made of.

    Attributes:
        source: the key of the one.
        target: the key of the other.
        derivative: how gradients pass to the source; None if the source has none.
    """

    source: int
    target: int
    derivative: Derivative | None


@dataclass(eq=False)
class Seen:
    """A graph.

    Attributes:
        title: a line about it.
        nodes: in the order in which they were computed.
        edges: in that order too.
        results: the keys of the results.
        operations: how many there are.
        folded: of these, how many stand in boxes of several.
        left_out: how many operations the results don't depend on.
        error: what stopped the computation.
    """

    title: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    operations: int = 0
    folded: int = 0
    left_out: int = 0
    error: str = ""


@dataclass(frozen=True, eq=False)
class Unit:
    """Operations in a row that one box stands for.

    Attributes:
        steps: the operations.
        title: what the box is called if they are folded: the name of a layer or loss, or how many they are.
        kind: the layer's class, or `loss`.
    """

    steps: list[Step]
    title: str = ""
    kind: str = ""


def seen(recording: Recording, fold: bool | None) -> Seen:
    """Return the graph of a recording.

    Args:
        recording: what ran, with its gradients.
        fold: whether to fold; large graphs by default.
    """
    left_out = 0 if recording.error else recording.keep_what_matters()
    fold = len(recording.steps) > LARGE if fold is None else fold
    return Builder(recording, units(recording.steps) if fold else [Unit([x]) for x in recording.steps]).built(left_out)


def units(steps: Sequence[Step]) -> list[Unit]:
    """Return operations gathered by the layer calls that they ran in, and those in the middle if there are many."""
    found: list[Unit] = []
    calls = Counter[str]()
    last = None
    for step in steps:
        call = step.part
        if call is not None and call == last:
            found[-1].steps.append(step)
        else:
            found.append(Unit([step]) if call is None else Unit([step], _called(call[1].name, calls), kind_of(call[1])))
        last = call
    if len(found) <= 2 * HALF:
        return found
    middle = [step for unit in found[HALF:-HALF] for step in unit.steps]
    return [*found[:HALF], Unit(middle, f"{len(middle)} operations"), *found[-HALF:]]


def _called(name: str, calls: Counter[str]) -> str:
    """Return a layer's name; for each call after the first, with the call's number."""
    calls[name] += 1
    return name if calls[name] == 1 else f"{name}, call {calls[name]}"


class Builder:
    """Makes the graph of a recording, in units that are one box each."""

    def __init__(self, recording: Recording, parts: Sequence[Unit]) -> None:
        self.recording, self.units = recording, parts
        self.home = {id(step.output): unit for unit in parts for step in unit.steps}
        makers = {id(x.output): unit.title or x for unit in parts for x in unit.steps}
        self.names = Names(recording.names, makers)
        self._uses: dict[int, list[Unit]] = {}
        for unit in parts:
            for step in unit.steps:
                for x in step.operands:
                    self._uses.setdefault(id(x), []).append(unit)

    def built(self, left_out: int) -> Seen:
        """Return the graph."""
        recording = self.recording
        graph = Seen(recording.title, left_out=left_out, operations=len(recording.steps))
        graph.folded = sum(len(unit.steps) for unit in self.units if unit.title)
        known: set[int] = set()
        results = {id(t): t for t in recording.targets if id(t) not in self.home}
        for key, x in {**recording.arguments, **results}.items():
            if key in self._uses or key in results:
                known.add(key)
                graph.nodes.append(self._leaf(x))
        for unit in self.units:
            self._leaves(unit, known, graph)
            self._box(unit, graph)
        if recording.error is not None:
            self._stop(known, graph)
        graph.results = [self._key(t) for t in recording.targets]
        return graph

    # ------------------------------------------------------------ nodes

    def _leaves(self, unit: Unit, known: set[int], graph: Seen) -> None:
        """Add what operations take that no operation made and that is not part of their box."""
        for step in unit.steps:
            for x in step.operands:
                if not is_number(x) and id(x) not in self.home and id(x) not in known:
                    known.add(id(x))
                    if not self._inside(x, unit):
                        graph.nodes.append(self._leaf(x))

    def _inside(self, x: Any, unit: Unit) -> bool:
        """Tell whether what nothing made is part of a folded box: a weight or a constant that is used there alone."""
        return bool(unit.title) and id(x) not in self.recording.arguments and {*self._uses[id(x)]} == {unit}

    def _leaf(self, x: Any) -> Node:
        recording = self.recording
        kind = "weight" if id(x) in recording.variables else "given" if id(x) in recording.arguments else "constant"
        return Node(id(x), self.names[x], "", kind, _array(x), self._gradient(x))

    def _box(self, unit: Unit, graph: Seen) -> None:
        step = unit.steps[-1]
        output: Any = step.output
        if unit.title:
            output = self._outputs(unit)[-1]
            figures, extra = (_array(output), self._gradient(output)), self._weights(unit)
            node = Node(id(unit), unit.title, unit.kind, "folded", *figures, extra=extra)
        else:
            call = step.part
            figures, within = (_array(output), self._gradient(output)), call[1].name if call else ""
            node = Node(id(output), self.names[output], self.names.formula(step), "operation", *figures, within=within)
        graph.nodes.append(node)
        graph.edges += self._edges(unit)

    def _outputs(self, unit: Unit) -> list[Any]:
        """Return what operations outside of a folded box take from it, or what it results in."""
        targets = {id(t) for t in self.recording.targets}
        made = [step.output for step in unit.steps]
        used = [x for x in made if id(x) in targets or any(u is not unit for u in self._uses.get(id(x), []))]
        return used or made[-1:]

    def _weights(self, unit: Unit) -> tuple[tuple[str, str], ...]:
        """Return the lengths of the gradients of the weights in a folded box."""
        recording, found = self.recording, {}
        for x in (x for step in unit.steps for x in step.operands):
            if id(x) in recording.variables and id(x) in recording.gradients and self._inside(x, unit):
                found[id(x)] = x
        lines = [(f"‖∂ {self._short(x)}‖", number(length_of(recording.gradients[key]))) for key, x in found.items()]
        if len(lines) <= 4:
            return tuple(lines)
        whole = length_of([length_of(recording.gradients[key]) for key in found])
        return ((f"‖∂ {len(lines)} weights‖", number(whole)),)

    def _short(self, x: Any) -> str:
        return self.names[x].rpartition("/")[2]

    def _stop(self, known: set[int], graph: Seen) -> None:
        """Add what failed, and what it got."""
        recording = self.recording
        error, failure = recording.error, recording.failed
        assert error is not None
        graph.error = f"{type(error).__name__}: {error.what}" + (f" To mend it: {error.mend}" if error.mend else "")
        title, operands = ("stopped", []) if failure is None else (f"{failure.title} failed", failure.operands)
        given = {id(x): x for x in operands if not is_number(x)}
        for key, x in (given or recording.arguments).items():
            if key not in self.home and key not in known:
                known.add(key)
                graph.nodes.append(self._leaf(x))
        extra = tuple(("got", f"{self.names[x]} {shape_of(_array(x))}") for x in operands if not is_number(x))
        graph.nodes.append(Node(id(error), title, "", "failed", extra=(*extra, ("error", type(error).__name__))))
        graph.edges += [Edge(self._key(x), id(error), None) for x in given.values()]

    # ------------------------------------------------------------ edges

    def _edges(self, unit: Unit) -> list[Edge]:
        if unit.title:
            return self._edges_into(unit)
        step = unit.steps[0]
        names = [self.names[x] for x in (*step.operands, step.output)]
        return [
            Edge(self._key(x), id(step.output), derivative(step, i, names) if self._flows(x, step.output) else None)
            for i, x in enumerate(step.operands)
            if not is_number(x)
        ]

    def _edges_into(self, unit: Unit) -> list[Edge]:
        """Return the edges into a folded box, with what flows back on them."""
        made = {id(step.output) for step in unit.steps}
        given = {id(x): x for step in unit.steps for x in step.operands if not is_number(x) and id(x) not in made}
        outside = {key: x for key, x in given.items() if id(x) in self.home or not self._inside(x, unit)}
        return [Edge(self._key(x), id(unit), self._flowing_back(x, unit)) for x in outside.values()]

    def _flowing_back(self, x: Any, unit: Unit) -> Derivative | None:
        """Return the length of the gradient that comes back to an operand of a folded box from those that take it."""
        gradients = self.recording.gradients
        if id(x) not in gradients:
            return None
        parts = []
        for step in unit.steps:
            if id(step.output) in gradients:
                seed = Tensor(gradients[id(step.output)])
                with unwatched():
                    found = backward(step.records, {id(step.output): seed}, {id(x)})
                parts += [found[id(x)].value] if id(x) in found else []
        if not parts:
            return Derivative(NONE)
        return Derivative(f"{LENGTH} {number(length_of(sum(parts)))} → {shape_of(parts[0])}")

    def _flows(self, x: Any, output: Any) -> bool:
        gradients = self.recording.gradients
        return id(x) in gradients and id(output) in gradients

    def _key(self, x: Any) -> int:
        unit = self.home.get(id(x))
        return id(unit) if unit is not None and unit.title else id(x)

    def _gradient(self, x: Any) -> Any:
        return self.recording.gradients.get(id(x))


def _array(x: Any) -> Any:
    return np.asarray(x.value if isinstance(x, TensorLike) else x)
