"""`klods.show.kernels`: a step or function as the compiler sees it, pass by pass and kernel by kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from klods.explanation import Explanation, explain, text
from klods.explanation.compare import Reading
from klods.explanation.measure import Row
from klods.explanation.passage import Stage
from klods.explanation.text import achieved, amount, named_blocks, notes, seconds
from klods.graph import Node
from klods.graph.text import node_text
from klods.passes.kernel import Kernel
from klods.passes.plan import Plan
from klods.passes.simplify import PASSES
from klods.pictures.bars import Bar, Column, Line, Section, columns, table
from klods.pictures.colours import COLOURS
from klods.show.picture import Picture

FEW = 12  # nodes that are listed one by one
KINDS = 14  # blocks that are counted one by one
LONGEST = 44  # lines of a reading
WIDEST = 90  # columns of text
BLUE, ORANGE, GREEN = COLOURS[:3]


def kernels(model_or_function: Any, *examples: Any, kernel: int | None = None) -> Picture:
    """Show a step as the compiler sees it: what each pass makes of it, and each kernel's measured time and bytes.

    With a kernel's number: the loop that it stands for in plain Python, NumPy's calls and machine code, side by side,
    each with its measured time. The naive loop of a large product takes seconds.

    Args:
        model_or_function: a model after `compile`, whose training step is meant, or a function; see `klods.explain`,
            which gives the same as a table.
        examples: for a model a batch, for a function the arguments of a call; see `klods.explain`.
        kernel: the number of a kernel to look into.

    Raises:
        StateError: for a model that isn't compiled or whose inputs' shape isn't known, for a function that has not
            been called, and for a kernel that is a call of a function in Python.
        DataError: for what is neither model nor function.
        PositionError: for a number that no kernel has.
        Untraceable: for what can't be traced, and so isn't compiled.

    Example:
        >>> import klods
        >>> def affine(x, w, b):
        ...     return klods.nn.relu(klods.matmul(x, w) + b)
        >>> picture = klods.show.kernels(affine, klods.ones((3, 4)), klods.ones((4, 2)), klods.zeros((2,)))
        >>> for line in str(picture).splitlines()[2:7]:
        ...     print(line)
        traced    3 nodes
                  What the function did when it was called with symbols.
                  %3 float32[3, 2] = matmul(%0, %1)
                  %4 float32[3, 2] = add(%3, %2)
                  %5 float32[3, 2] = relu(%4)
    """
    explanation = explain(model_or_function, *examples)
    return _overview(explanation) if kernel is None else _readings(explanation, kernel)


# ------------------------------------------------------------ all kernels


def _overview(explanation: Explanation) -> Picture:
    stages, rows = explanation.passes(), explanation.rows
    most = max(1, *(len(stage.nodes) for stage in stages))
    lines = [_stage_line(stage, before, most) for stage, before in zip(stages, [None, *stages])]
    lines += [_fused_line(explanation.plan, most), _planned_line(explanation.plan, most)]
    passes = Section("From the traced function to the plan", [""], 76, lines)
    plan = Section("The plan, kernel by kernel", ["time of a run", "bytes read and written"], 220, _row_lines(rows))
    told = "\n".join(_told(line) for line in lines)
    drawing = table(explanation.title, _described(stages, explanation), [passes, plan], notes(rows))
    return Picture(drawing, f"{explanation.title}\n\n{told}\n\n{text.plan('The plan', rows)}")


def _stage_line(stage: Stage, before: Stage | None, most: int) -> Line:
    texts = [stage.does] + ([] if before is None else [_changes(before.nodes, stage.nodes)])
    few = len(stage.nodes) <= FEW
    listed = before is None or stage.name == PASSES[-1].__name__
    code = [node_text(node) for node in stage.nodes] if listed and few else []
    texts += [f"They are {_counts(_kinds(stage.nodes))}."] if listed and not few else []
    return Line(stage.name, [_bar(len(stage.nodes), most, "node", BLUE)], texts, code)


def _changes(before: Sequence[Node], after: Sequence[Node]) -> str:
    """Return how many blocks of each kind a pass took away and put in."""
    gone, come = _kinds(before) - _kinds(after), _kinds(after) - _kinds(before)
    if gone or come:
        return " ".join([f"Gone: {_counts(gone)}."] * bool(gone) + [f"New: {_counts(come)}."] * bool(come))
    same = [node_text(node) for node in before] == [node_text(node) for node in after]
    return "It changes nothing here." if same else "The blocks stay; some work on other values."


def _fused_line(plan: Plan, most: int) -> Line:
    loops = [call.item for call in plan.calls if isinstance(call.item, Kernel)]
    fused = sum(len(kernel.nodes) for kernel in loops)
    words = f"Loops: {len(loops)}, of {fused} blocks. Blocks on their own: {len(plan.calls) - len(loops)}."
    return Line("fuse", [_bar(len(plan.calls), most, "kernel", GREEN)], ["Find out which nodes share a loop.", words])


def _planned_line(plan: Plan, most: int) -> Line:
    words = (
        f"One buffer for what passes from one to another: {amount(plan.size)}B. "
        f"New values written over the old ones: {len(plan.shared)}."
    )
    return Line("plan", [_bar(len(plan.calls), most, "call", GREEN)], ["Put the kernels in order.", words])


def _kinds(nodes: Sequence[Node]) -> Counter[str]:
    return Counter(node.block for node in nodes)


def _counts(kinds: Counter[str]) -> str:
    listed = [f"{count} {name}" for name, count in kinds.most_common(KINDS)]
    rest = sum(kinds.values()) - sum(count for _, count in kinds.most_common(KINDS))
    return ", ".join(listed) + (f" and {rest} others" if rest else "")


def _bar(count: int, most: int, unit: str, colour: str) -> Bar:
    return Bar(count / most, f"{count} {unit}{'s' * (count != 1)}", colour)


def _row_lines(rows: Sequence[Row]) -> list[Line]:
    slowest = max((row.seconds for row in rows), default=1.0)
    largest = max((row.bytes or 0 for row in rows), default=0) or 1
    return [_row_line(row, slowest, largest) for row in rows]


def _row_line(row: Row, slowest: float, largest: int) -> Line:
    time = Bar(row.seconds / slowest, f"{seconds(row.seconds)} ({100 * row.share:.1f} %)", BLUE)
    moved = None if row.bytes is None else Bar(row.bytes / largest, f"{amount(row.bytes)}B", ORANGE)
    shape = " x ".join(map(str, row.shape)) or "one number"
    counted = "" if row.operations is None else f", {amount(row.operations).strip()} flops, {achieved(row)}"
    title = f"{row.number}: {', '.join(named_blocks(row))}"
    return Line(title, [time, moved], [f"{shape}{counted}"])


def _told(line: Line) -> str:
    """Return a row of the passes as text."""
    labels = [bar.label for bar in line.bars if bar]
    first = f"{line.title:9} {', '.join(labels)}"
    below = [x for part in line.texts for x in wrap(part, WIDEST)]
    return "\n".join([first, *(f"{'':10}{x}" for x in (*below, *line.code))])


def _described(stages: Sequence[Stage], explanation: Explanation) -> str:
    counts = ", ".join(f"{stage.name} {len(stage.nodes)}" for stage in stages)
    rows = sorted(explanation.rows, key=lambda row: -row.seconds)[:FEW]
    slow = "; ".join(f"{row.number} ({', '.join(row.blocks[:3])}) {seconds(row.seconds)}" for row in rows)
    return f"Nodes after each pass: {counts}. Kernels: {len(explanation)}. The slowest: {slow}."


# ------------------------------------------------------------ one kernel


def _readings(explanation: Explanation, number: int) -> Picture:
    loop, vectorised, compared = explanation.naive(number), explanation.numpy(number), explanation.compare(number)
    naive, numpy, *compiled = compared.readings
    parts = [
        Column(naive.name, [_time(naive)], _cut(_body(loop), f"naive({number})")),
        Column(numpy.name, [_time(numpy)], _cut(_body(vectorised), f"numpy({number})")),
        _machine(explanation, number, compiled[0]) if compiled else Column("machine code", [WITHOUT], []),
    ]
    blocks = ", ".join(named_blocks(explanation.rows[number]))
    title = f"Kernel {number}: {text.shortened(explanation.rows[number].blocks, 48)}"
    times = "; ".join(f"{x.name}: {_time(x)}" for x in compared.readings)
    described = f"One kernel in three readings. {times}. Its blocks: {blocks}."
    drawing = columns(title, described, parts, [f"{explanation.title}. Blocks: {blocks}.", NOTE])
    told = [f"{part.heading}, {' '.join(part.texts)}\n" + "\n".join(part.code) for part in parts]
    return Picture(drawing, "\n\n".join([str(compared), *told]))


NOTE = (
    "All work on the same numbers. Times are medians of several runs, but for a slow loop, which runs once. In a plan "
    "NumPy's calls write into buffers that are made once."
)
WITHOUT = "None: klods doesn't compile this here, a library runs it."


def _machine(explanation: Explanation, number: int, reading: Reading) -> Column:
    lines = [_instruction(line) for line in explanation.assembly(number).splitlines()]
    kept = [line for line in lines if line]
    start = hottest(kept) if len(kept) > LONGEST else 0
    before = [f"... {start} lines before the loop that does most"] if start else []
    return Column("machine code", [_time(reading)], [*before, *_cut(kept[start:], f"assembly({number})")])


def _instruction(line: str) -> str:
    """Return a line of assembly for the processor, or a label that it jumps to; nothing for other lines."""
    if line.startswith(("#", "\t.", "\t#", ".Lfunc", ".LCPI")):
        return ""
    return f"  {' '.join(line.split())}" if line[:1].isspace() else line


def hottest(lines: Sequence[str]) -> int:
    """Return where the loop begins that has the most vector instructions among those with no loop inside; 0 for none.

    Example:
        >>> hottest(["f:", "  xorl %eax, %eax", ".LBB0_1:", "  vaddps %zmm0, %zmm1, %zmm1", "  jl .LBB0_1", "  retq"])
        2
    """
    labels = {line.rstrip(":"): i for i, line in enumerate(lines) if line.endswith(":")}
    jumps = [(labels.get(line.split()[-1], i), i) for i, line in enumerate(lines) if line.startswith("  j")]
    loops = [(first, last) for first, last in jumps if first < last]
    inner = [x for x in loops if not any(x[0] <= y[0] and y[1] <= x[1] for y in loops if y != x)]
    return max(inner, key=lambda x: sum(line.startswith("  v") for line in lines[x[0] : x[1]]), default=(0, 0))[0]


def _time(reading: Reading) -> str:
    times = f"{reading.faster:,.0f}" if reading.faster >= 10 else f"{reading.faster:.1f}"
    return seconds(reading.seconds) + ("" if reading.name == "naive loop" else f", {times} times as fast as the loop")


def _body(listing: str) -> list[str]:
    """Return the lines of a printed function, indented by two, without what stands before it and its docstring."""
    lines = listing[listing.index("def kernel_") :].splitlines()
    marks = [i for i, line in enumerate(lines) if '"""' in line]
    kept = lines[: marks[0]] + lines[marks[1] + 1 :] if marks else lines
    return [" " * ((len(line) - len(line.lstrip())) // 2) + line.lstrip() for line in kept]


def _cut(lines: list[str], method: str) -> list[str]:
    """Return lines, those past the longest replaced by a note on how to see all."""
    if len(lines) <= LONGEST:
        return lines
    return [*lines[:LONGEST], f"... {len(lines) - LONGEST} more lines: see klods.explain(...) .{method}"]
