"""The naive reading of a kernel: the loop in plain Python that its machine code stands for, as text.

The loops are the ones that are compiled: rows outside, the turns over a row's columns inside. A value that is used once
is written where it is used; others get names.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from klods.explanation.names import Names
from klods.explanation.places import nested, place
from klods.explanation.terms import Term, applied, helpers, literal, occurrences
from klods.graph import Node, Operand, Value
from klods.passes.kernel import COLUMN, FULL, ONE, ROW, Kernel
from klods.passes.plan import Call
from klods.passes.stages import Stages, reduces

LONGEST = 56  # characters of a term that is written inside another


def function(name: str, call: Call, names: Names, constants: Mapping[Value, Term], body: list[str]) -> str:
    """Return a function in Python, with what it needs above it.

    Args:
        name: the function's name.
        call: the kernel or node, whose inputs are the arguments and whose stores are returned.
        names: the names of values.
        constants: the inputs that are written as numbers.
        body: its lines.
    """
    arguments = [v for v in call.inputs if v not in constants]
    lines = [f"def {name}({', '.join(names[v] for v in arguments)}):", *_indented(_docstring(call, names, arguments))]
    lines += _indented([*body, f"return {', '.join(names[v] for v in call.stores)}"])
    text = "\n".join(lines)
    needed = helpers(text)
    parts = ["import math"] * ("math." in text + needed) + [needed] * bool(needed) + [text]
    return "\n\n\n".join(part.strip() for part in parts)


def kernel_function(name: str, call: Call, names: Names, constants: Mapping[Value, Term]) -> str:
    """Return a kernel as a function of nested lists, or arrays, that returns nested lists."""
    assert isinstance(call.item, Kernel)
    return function(name, call, names, constants, _Loops(call, call.item, names, constants).lines)


def element(x: Value, place: str) -> Term:
    """Return the term of an element of an input; of narrow whole numbers as Python's own, which don't run over."""
    narrow = x.dtype.kind in "iu" and x.dtype.itemsize < 4
    return Term(f"int({place})" if narrow else place)


def is_name(x: Term) -> bool:
    """Tell whether a term is a name alone."""
    return x.text.isidentifier()


def _docstring(call: Call, names: Names, arguments: list[Value]) -> list[str]:
    blocks = textwrap.wrap(", ".join(node.block for node in call.nodes), 80)
    described = [f"{names[v]}: {v.dtype}{list(v.shape)}" for v in arguments]
    returned = [f"returns {names[v]}: {v.dtype}{list(v.shape)}" for v in call.stores]
    return [f'"""{blocks[0]}', *blocks[1:], "", *described, *returned, '"""']


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


class _Loops:
    """Writes the loops of one kernel.

    Attributes:
        lines: what is written.
    """

    def __init__(self, call: Call, kernel: Kernel, names: Names, constants: Mapping[Value, Term]) -> None:
        self.kernel, self.names, self.stages = kernel, names, Stages(kernel)
        self.stores, self.nodes = set(call.stores), {node.output: node for node in kernel.nodes}
        self.lines: list[str] = []
        self.depth = 0
        self.best: dict[Value, str] = {}  # for each choice, what the largest number so far is called
        self.known: dict[Value, Term] = dict(constants)  # what has a name, or a place, where the lines have got to
        self.write()

    def write(self) -> None:
        kernel = self.kernel
        for value in self.nodes:
            if value in self.stores and (value.shape or value in kernel.late):
                self.line(f"{self.names[value]} = {nested(self.start(self.nodes[value]), value.shape)}")
        self.settle(ONE, self.where(lambda n: kernel.domains[n.output] is ONE and n.output not in kernel.late))
        if self.where(lambda n: kernel.domains[n.output] is not ONE or n.output in kernel.late):
            with self.loop("row", kernel.rows):
                self.row()

    def row(self) -> None:
        """Write one turn of the outer loop."""
        for value in self.stages.kept:
            if value not in self.stores:
                self.line(f"{self.names[value]} = {nested(self.start(self.nodes[value]), (self.kernel.columns,))}")
        for stage in range(self.stages.last + 1):
            self.stage(self.where(lambda n, stage=stage: self.stages.of[n.output] == stage))  # type: ignore[misc]

    def stage(self, now: list[Node]) -> None:
        """Write one turn over a row's columns, and what one number per row needs before and after it."""
        kernel = self.kernel
        per_row = [n for n in now if kernel.domains[n.output] is ROW and not reduces(kernel, n)]
        self.settle(ROW, per_row)
        late = [n for n in now if n.output in kernel.late]
        folds = [n for n in now if reduces(kernel, n)]
        inside = [*folds, *(n for n in late if kernel.domains[n.values[0]] is FULL)]
        wanted = [n for n in now if kernel.domains[n.output] is FULL and self.lasts(n.output)]
        for node in folds:
            self.begin(node)
        if wanted or inside:
            with self.loop("column", kernel.columns):
                for node in wanted:
                    self.term(node.output)
                for node in inside:
                    self.fold(node)
        self.known.update({node.output: Term(self.place(node.output)) for node in [*folds, *wanted]})
        self.settle(ROW, per_row)
        for node in late:
            if node not in inside:
                self.fold(node)

    def settle(self, domain: object, nodes: list[Node]) -> None:
        """Write down the nodes of a loop, outside those within it, that need a name and whose operands are there."""
        for node in nodes:
            if self.ready(node) and not self.passes_on(node.output):
                self.term(node.output)

    def ready(self, node: Node) -> bool:
        made = [x for x in node.values if x in self.nodes and x not in self.known]
        return all(self.passes_on(x) and self.ready(self.nodes[x]) for x in made)

    # ------------------------------------------------------------ values

    def term(self, x: Operand) -> Term:
        """Return an operand at the present row and column, after the lines that it needs."""
        if not isinstance(x, Value):
            return literal(x)
        if x in self.known:
            return self.known[x]
        if x not in self.nodes:
            return element(x, self.place(x))
        node = self.nodes[x]
        term = self.computed(node)
        if self.passes_on(x) and len(term.text) <= LONGEST:
            return term
        if self.lasts(x) or not is_name(term):
            self.line(f"{self.place(x)} = {term.text}")
            term = Term(self.place(x))
        self.known[x] = term
        return term

    def computed(self, node: Node) -> Term:
        operands = [self.term(x) for x in node.operands]
        if node.block != "put_labels":
            return applied(node, [self.weak(x, node) if x.number is not None else x for x in operands])
        label, zero = operands[1], self.start(node)
        return Term(f"{operands[0].within(1)} if {self.column} == {label.within(5)} else {zero}", 0)

    @staticmethod
    def weak(x: Term, node: Node) -> Term:
        """Return a number with the digits of the dtype in which it is used."""
        floating = [v.dtype for v in (*node.values, node.output) if v.dtype.kind == "f"]
        return literal(x.number, floating[0] if floating else None)

    def place(self, x: Value) -> str:
        """Return how the lines name a value at the present row and column."""
        kernel = self.kernel
        if x not in self.nodes or x in self.stores:
            return self.names[x] + place(x.shape, kernel.domains[x])
        return f"{self.names[x]}[{self.column}]" if x in self.stages.kept else self.names[x]

    @property
    def column(self) -> str:
        return "column" if self.kernel.columns != 1 else "0"

    def lasts(self, x: Value) -> bool:
        """Tell whether a value is needed after the turn over columns that computes it."""
        return x in self.stores or x in self.stages.kept

    def passes_on(self, x: Value) -> bool:
        """Tell whether a value is written where it is used: once, in the turn of a loop that computes it."""
        users = [n for n in self.kernel.nodes if x in n.values]
        if self.lasts(x) or reduces(self.kernel, self.nodes[x]) or not users:
            return False
        return sum(self.uses(n, x) for n in users) == 1 and self.level(x) == self.level_of_use(users[0], x)

    def uses(self, node: Node, x: Value) -> int:
        if node.block == "argmax":
            return 2
        special = node.block in ("reduce_sum", "reduce_max", "reduce_min", "pick", "put_labels")
        return node.values.count(x) if special else occurrences(node, x)

    def level(self, x: Value) -> object:
        domain = self.kernel.domains[x]
        return FULL if domain is COLUMN else domain

    def level_of_use(self, node: Node, x: Value) -> object:
        """Return in which loop a node uses a value."""
        if reduces(self.kernel, node):
            return FULL
        return self.level(node.values[0] if node.output in self.kernel.late else node.output)

    # ------------------------------------------------------------ sums and extremes

    def start(self, node: Node) -> str:
        """Return what a sum, an extreme or an array starts from."""
        if node.block in ("reduce_max", "reduce_min"):
            return "-math.inf" if node.block == "reduce_max" else "math.inf"
        return {"f": "0.0", "b": "False"}.get(node.output.dtype.kind, "0")

    def begin(self, node: Node) -> None:
        """Write what a row's sum, extreme or choice starts from."""
        if node.output not in self.stores:
            self.line(f"{self.names[node.output]} = {self.start(node)}")
        if node.block == "argmax":
            self.best[node.output] = self.names.new("best")
            self.line(f"{self.best[node.output]} = -math.inf")

    def fold(self, node: Node) -> None:
        """Write how the present row or column is taken into a sum, an extreme or a choice."""
        x, so_far = self.term(node.operands[0]), self.place(node.output)
        if node.block == "reduce_sum":
            self.line(f"{so_far} += {x.text}")
        elif node.block == "pick":
            self.line(f"if {self.column} == {self.term(node.operands[1]).within(5)}:", f"    {so_far} = {x.text}")
        elif node.block == "argmax":
            x, best = self.named(x), self.best[node.output]
            self.line(f"if {x.text} > {best} or ({x.text} != {x.text} and {best} == {best}):")
            self.line(f"    {best}, {so_far} = {x.text}, {self.column}")
        else:
            extreme = "maximum" if node.block == "reduce_max" else "minimum"
            self.line(f"{so_far} = {extreme}({so_far}, {x.text})")

    def named(self, x: Term) -> Term:
        """Return a term that may be written several times."""
        if is_name(x):
            return x
        name = self.names.new("value")
        self.line(f"{name} = {x.text}")
        return Term(name)

    # ------------------------------------------------------------ lines

    def where(self, holds: Callable[[Node], bool]) -> list[Node]:
        return [node for node in self.kernel.nodes if holds(node)]

    def line(self, *texts: str) -> None:
        self.lines += [f"{'    ' * self.depth}{text}" for text in texts]

    @contextmanager
    def loop(self, counter: str, count: int) -> Iterator[None]:
        """Write what is inside as the body of a loop; as it is where the loop takes one turn."""
        before, turns = dict(self.known), count != 1
        if turns:
            self.line(f"for {counter} in range({count}):")
        self.depth += turns
        yield
        self.depth -= turns
        if turns:
            self.known = before
