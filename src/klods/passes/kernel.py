"""Kernel, a loop over rows and columns that several nodes share, and where in it a node finds its place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from klods.graph import Node, Operand, Value
from klods.ops.block import BLOCKS


class Domain(Enum):
    """Along which of a kernel's loops a value varies."""

    FULL = "full"
    ROW = "row"  # one number per row
    COLUMN = "column"  # one number per column
    ONE = "one"


FULL, ROW, COLUMN, ONE = Domain.FULL, Domain.ROW, Domain.COLUMN, Domain.ONE
FOLDS = ("reduce_sum", "reduce_max", "reduce_min")
EFFECTS = ("call",)  # blocks that run for what they do, also where nobody uses what they return


@dataclass(eq=False)
class Kernel:
    """One loop nest.

    Attributes:
        rows: turns of the outer loop.
        columns: turns of the inner loop.
        nodes: what is computed, in order.
        domains: along which loops each value varies, inputs too.
        late: values that are complete only after the loops: sums over rows.
    """

    rows: int
    columns: int
    nodes: list[Node] = field(default_factory=list)
    domains: dict[Value, Domain] = field(default_factory=dict)
    late: set[Value] = field(default_factory=set)

    @property
    def made(self) -> set[Value]:
        """The values that the kernel computes."""
        return {node.output for node in self.nodes}

    @property
    def whole(self) -> list[Value]:
        """The values that it computes, except those that it would compute anew for each row."""
        made = [node.output for node in self.nodes]
        return [x for x in made if self.domains[x] is not COLUMN or x in self.late]

    @property
    def inputs(self) -> list[Value]:
        """The values that it reads, in order of their numbers."""
        made = self.made
        return sorted({x for n in self.nodes for x in n.values if x not in made}, key=lambda v: v.number)

    @property
    def flat(self) -> bool:
        """Whether every value is either whole or one number, so that rows and columns are one long loop."""
        return not self.late and all(d in (FULL, ONE) for d in self.domains.values())

    @property
    def again(self) -> bool:
        """Whether a row's columns are gone through more than once: for what needs the row's sum or extreme."""
        made = {x for x in self.made if self.domains[x] is ROW}
        return any(x in made for n in self.nodes if varies_along_columns(n, self) for x in n.values)


def pointwise(node: Node) -> bool:
    """Tell whether a node has a body, which a loop can apply to one element at a time."""
    return node.block == "cast" or BLOCKS[node.block].body is not None


def space(node: Node) -> tuple[int, int] | None:
    """Return the rows and columns of the loop that a node asks for; None if it has no turns or no such loop."""
    if pointwise(node) or node.block == "put_labels":
        shape = node.output.shape
    elif node.block in (*FOLDS, "argmax", "pick"):
        shape = node.values[0].shape if node.values else ()
    else:
        return None
    return (math.prod(shape[:-1]), math.prod(shape[-1:])) if 0 not in shape else None


def varies_along_columns(node: Node, kernel: Kernel) -> bool:
    """Tell whether a kernel computes a node once per column, even if one number per row comes of it."""
    domains = kernel.domains
    return FULL in (domains[node.output], *(domains[x] for x in node.values))


def operand_domains(node: Node, kernel: Kernel) -> list[Domain | None]:
    """Return along which loops each operand varies in a kernel; None for one that doesn't fit.

    An operand that the kernel knows already has to vary there as its shape asks for here: in a square matrix, a row's
    sum and a vector that is added to each row have one shape.
    """
    if node.block == "put_labels":
        asked = [_per_row(x, kernel) for x in node.operands]
    elif node.block == "pick":
        asked = [_per_element(node.operands[0], kernel), _per_row(node.operands[1], kernel)]
    elif node.block in (*FOLDS, "argmax"):
        asked = [kernel.domains.get(x) or _per_element(x, kernel) for x in node.values]
    else:
        ask = _per_row if _works_per_row(node, kernel) else _per_element
        asked = [ask(x, kernel) for x in node.operands]
    return [d if d is None or agrees(x, d, kernel) else None for x, d in zip(node.operands, asked)]


def agrees(x: Operand, domain: Domain, kernel: Kernel) -> bool:
    """Tell whether a kernel that knows a value knows it as varying along these loops."""
    known = kernel.domains.get(x, domain) if isinstance(x, Value) else domain
    return known is domain or (kernel.columns == 1 and {known, domain} == {FULL, ROW})


def place(node: Node, domains: list[Domain | None], kernel: Kernel) -> tuple[Domain, bool] | None:
    """Return along which loops a node's output varies in a kernel, and whether it is late; None if it doesn't fit.

    Args:
        node: the node.
        domains: its operands', from `operand_domains`.
        kernel: the kernel.
    """
    if None in domains:
        return None
    if node.block in ("pick", "put_labels"):
        return _place_of_labels(node, kernel, domains)
    if node.block in (*FOLDS, "argmax"):
        return _place_of_fold(node, domains[0]) if domains else None
    if node.block in ("reshape", "broadcast_to"):
        return _place_of_row(node, kernel, domains[0])
    return _place_of_element(node, kernel, domains) if pointwise(node) else None


def _per_element(x: Operand, kernel: Kernel) -> Domain | None:
    """Return along which loops an operand varies beside others that vary along both."""
    if not isinstance(x, Value) or not x.shape:
        return ONE
    if x.size == kernel.rows * kernel.columns and x.shape[-1] == kernel.columns:
        return FULL
    if x.shape == (kernel.columns,):
        return COLUMN
    return ROW if x.size == kernel.rows and x.shape[-1] == 1 else None


def _per_row(x: Operand, kernel: Kernel) -> Domain | None:
    """Return along which loops an operand varies beside others that are one number per row."""
    if not isinstance(x, Value) or not x.shape:
        return ONE
    return ROW if x.size == kernel.rows else None


def _works_per_row(node: Node, kernel: Kernel) -> bool:
    """Tell whether a node computes one number per row from others of the kernel."""
    known = {kernel.domains[x] for x in node.values if x.shape and x in kernel.domains}
    return node.output.size == kernel.rows and known == {ROW}


def _place_of_element(node: Node, kernel: Kernel, domains: list[Domain | None]) -> tuple[Domain, bool] | None:
    if all(d is ONE for d in domains):
        return (ONE, False) if kernel.rows == kernel.columns == 1 else None
    if all(d in (ROW, ONE) for d in domains):
        return (ROW, False) if node.output.size == kernel.rows else None
    return (FULL, False) if space(node) == (kernel.rows, kernel.columns) else None


def _place_of_labels(node: Node, kernel: Kernel, domains: list[Domain | None]) -> tuple[Domain, bool] | None:
    labels = node.operands[1]
    if not isinstance(labels, Value) or labels.shape != (kernel.rows,) or kernel.columns == 1:
        return None
    if node.block == "put_labels":
        return (FULL, False) if node.attributes["classes"] == kernel.columns else None
    return (ROW, False) if domains[0] is FULL else None


def _place_of_fold(node: Node, domain: Domain | None) -> tuple[Domain, bool] | None:
    rank = len(node.values[0].shape) if node.values else 0
    axis = node.attributes.get("axis")
    given = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = sorted(a % rank for a in given) if rank else []
    if domain is ROW and len(gone) == rank and node.block == "reduce_sum":
        return ONE, True
    if domain is not FULL:
        return None
    if gone == [rank - 1] and rank > 1:
        return ROW, False
    if node.block != "reduce_sum":
        return None
    if len(gone) == rank:
        return ONE, True
    return (COLUMN, True) if gone == list(range(rank - 1)) else None


def _place_of_row(node: Node, kernel: Kernel, domain: Domain | None) -> tuple[Domain, bool] | None:
    if domain is not ROW:
        return None
    if node.block == "broadcast_to":
        return (FULL, False) if node.output.shape == (kernel.rows, kernel.columns) else None
    return (ROW, False) if node.output.shape in ((kernel.rows,), (kernel.rows, 1)) else None
