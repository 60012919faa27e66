"""A crew of threads that share a step's large matrix products and loops.

A job is a list of parts, fixed when the plan is made, and whoever is free takes the next one, so that the thread that
asks never waits for one that doesn't run before it has begun: threads that each have a share of their own, and wait for
each other in busy loops, take ten times as long where anything else wants a processor. Which thread does a part makes
no difference to its numbers.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from llvmlite import binding as llvm, ir

from klods.native.lanes import loop
from klods.native.library import NAME, addresses, callable_at, new_module

I1, I32, I64, VOID = ir.IntType(1), ir.IntType(32), ir.IntType(64), ir.VoidType()
# Words of the table that the threads share, a cache line apart: the number of jobs begun above the parts of the present
# one that nobody has taken; the parts that helpers have done; then the job's address and that of a function.
TICKET, DONE, JOB, GIVE_WAY = 0, 16, 32, 33
SPINS, PATIENCE = 2000, 4000  # looks for work before giving way to others, and before going to sleep

Part = tuple[int, int]  # the address of a function of one argument, and of the table that it works on


class Crew:
    """The threads, beside the one that asks."""

    def __init__(self) -> None:
        self.code = native()
        self.asleep: deque[threading.Semaphore] = deque()
        for _ in range(size() - 1):
            threading.Thread(target=self._help, name="klods", daemon=True).start()

    def wake(self) -> None:
        """Have all threads look for jobs."""
        while self.asleep:
            self.asleep.popleft().release()

    def _help(self) -> None:
        """Take part in jobs; look once more after saying that it falls asleep, so that no call is missed in between."""
        wake = threading.Semaphore(0)
        while True:
            self.asleep.append(wake)
            self.code.work(self.code.words.ctypes.data)
            wake.acquire()
            self.code.work(self.code.words.ctypes.data)


@cache
def present_crew() -> Crew:
    """Return the crew of this process."""
    return Crew()


@cache
def size() -> int:
    """Return how many threads share the work: one per processor, or as few as OMP_ or OPENBLAS_NUM_THREADS says."""
    told = [os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, next((int(n) for n in told if n.isdecimal() and int(n) > 0), allowed))


class Native:
    """The crew's machine code. Each function takes the address of a table.

    Attributes:
        words: what the threads share.
        sequence: the address of what runs parts one after the other; its table is as `sequence_of` writes it.
        share: the address of what has the crew run parts and returns when all are done; as `job_of` writes it.
        work: takes part in jobs until there have been none for a while; on `words`.
    """

    def __init__(self) -> None:
        self.sequence, self.share, work = addresses(CODES)
        self.work = callable_at(work)
        self.words = np.zeros(64, np.int64)
        self.words[GIVE_WAY] = _give_way()


@cache
def native() -> Native:
    """Return the crew's machine code."""
    return Native()


def sequence_of(parts: Sequence[Part]) -> np.ndarray:
    """Return the table of a sequence: the number of its parts, then each part's function and table."""
    return np.array([len(parts), *(word for part in parts for word in part)], np.int64)


def job_of(parts: Sequence[Part]) -> np.ndarray:
    """Return the table of a job: the address of what the threads share, then the sequence of the parts."""
    return np.concatenate([[native().words.ctypes.data], sequence_of(parts)])


def _give_way() -> int:
    """Return the address of the system's function that lets other threads run."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _text(write: Callable[[ir.Module], None]) -> str:
    module = new_module()
    write(module)
    return str(module)


def _function(module: ir.Module, name: str, returns: ir.Type) -> tuple[ir.Function, ir.IRBuilder]:
    function = ir.Function(module, ir.FunctionType(returns, [I64.as_pointer()]), name)
    return function, ir.IRBuilder(function.append_basic_block("entry"))


def _word(builder: ir.IRBuilder, table: ir.Value, index: int | ir.Value) -> ir.Value:
    place = ir.Constant(I64, index) if isinstance(index, int) else index
    return builder.gep(table, [place])


def _called(builder: ir.IRBuilder, address: ir.Value, returns: ir.Type, *arguments: ir.Value) -> ir.Value:
    kind = ir.FunctionType(returns, [x.type for x in arguments]).as_pointer()
    return builder.call(builder.inttoptr(address, kind), arguments)


def _sequence(module: ir.Module) -> None:
    """Write what runs the parts of a table one after the other."""
    function, builder = _function(module, NAME, VOID)
    table = function.args[0]
    loop(builder, "part", 0, builder.load(table), 1, lambda number: _do_part(builder, table, number))
    builder.ret_void()


def _do_part(builder: ir.IRBuilder, job: ir.Value, number: ir.Value) -> None:
    """Write the call of a part's function on its table; parts are numbered from 0."""
    place = builder.add(builder.mul(number, ir.Constant(I64, 2)), ir.Constant(I64, 1))
    function, table = (builder.load(_word(builder, job, builder.add(place, ir.Constant(I64, i)))) for i in (0, 1))
    _called(builder, function, VOID, builder.inttoptr(table, I64.as_pointer()))


def _take(module: ir.Module) -> ir.Function:
    """Write what does one part of the present job, and tells whether there was one."""
    function, builder = _function(module, f"{NAME}.take", I1)
    function.linkage = "internal"
    shared = function.args[0]
    some, none = builder.append_basic_block("some"), builder.append_basic_block("none")
    mine, lost = builder.append_basic_block("mine"), builder.append_basic_block("lost")
    ticket = builder.load_atomic(_word(builder, shared, TICKET), "acquire", 8)
    left = builder.and_(ticket, ir.Constant(I64, 0xFFFF))
    builder.cbranch(builder.icmp_signed("==", left, ir.Constant(I64, 0)), none, some)
    builder.position_at_end(some)
    following = builder.sub(ticket, ir.Constant(I64, 1))
    swapped = builder.cmpxchg(_word(builder, shared, TICKET), ticket, following, "acq_rel", "acquire")
    builder.cbranch(builder.extract_value(swapped, 1), mine, lost)
    builder.position_at_end(mine)
    job = builder.inttoptr(builder.load(_word(builder, shared, JOB)), I64.as_pointer())
    _do_part(builder, job, left)
    builder.atomic_rmw("add", _word(builder, shared, DONE), ir.Constant(I64, 1), "release")
    builder.ret(ir.Constant(I1, 1))
    builder.position_at_end(lost)
    builder.ret(ir.Constant(I1, 1))
    builder.position_at_end(none)
    builder.ret(ir.Constant(I1, 0))
    return function


def _wait(builder: ir.IRBuilder, shared: ir.Value, idle: ir.Value) -> None:
    """Write a short wait; a longer one, in which other threads run, after many."""
    name = "yield" if llvm.get_default_triple().startswith(("aarch64", "arm64")) else "pause"
    with builder.if_else(builder.icmp_signed("<", idle, ir.Constant(I64, SPINS))) as (short, long):
        with short:
            builder.call(ir.InlineAsm(ir.FunctionType(VOID, []), name, "", side_effect=True), [])
        with long:
            _called(builder, builder.load(_word(builder, shared, GIVE_WAY)), I32)


def _work(module: ir.Module) -> None:
    """Write the loop of a thread that helps."""
    take = _take(module)
    function, builder = _function(module, NAME, VOID)
    look, rest, end = (builder.append_basic_block(name) for name in ("look", "rest", "end"))
    before = builder.block
    builder.branch(look)
    builder.position_at_end(look)
    idle = builder.phi(I64)
    idle.add_incoming(ir.Constant(I64, 0), before)
    found = builder.call(take, [function.args[0]])
    builder.cbranch(found, look, rest)
    idle.add_incoming(ir.Constant(I64, 0), look)
    builder.position_at_end(rest)
    _wait(builder, function.args[0], idle)
    more = builder.add(idle, ir.Constant(I64, 1))
    idle.add_incoming(more, builder.block)
    builder.cbranch(builder.icmp_signed("<", more, ir.Constant(I64, PATIENCE)), look, end)
    builder.position_at_end(end)
    builder.ret_void()


def _share(module: ir.Module) -> None:
    """Write what begins a job, does its first part, and helps until all is done."""
    take = _take(module)
    function, builder = _function(module, NAME, VOID)
    shared = builder.inttoptr(builder.load(function.args[0]), I64.as_pointer())
    job = _word(builder, function.args[0], 1)
    others = builder.sub(builder.load(_word(builder, job, 0)), ir.Constant(I64, 1))
    builder.store(builder.ptrtoint(job, I64), _word(builder, shared, JOB))
    builder.store(ir.Constant(I64, 0), _word(builder, shared, DONE))
    ticket = builder.load(_word(builder, shared, TICKET))
    begun = builder.add(builder.or_(ticket, ir.Constant(I64, 0xFFFF)), ir.Constant(I64, 1))
    builder.store_atomic(builder.add(begun, others), _word(builder, shared, TICKET), "release", 8)
    _do_part(builder, job, ir.Constant(I64, 0))
    look, rest, end = (builder.append_basic_block(name) for name in ("look", "rest", "end"))
    work = builder.append_basic_block("take")
    before = builder.block
    builder.branch(work)
    builder.position_at_end(work)
    idle = builder.phi(I64)
    idle.add_incoming(ir.Constant(I64, 0), before)
    found = builder.call(take, [shared])
    builder.cbranch(found, work, look)
    idle.add_incoming(ir.Constant(I64, 0), work)
    builder.position_at_end(look)
    done = builder.load_atomic(_word(builder, shared, DONE), "acquire", 8)
    builder.cbranch(builder.icmp_signed("<", done, others), rest, end)
    builder.position_at_end(rest)
    _wait(builder, shared, idle)
    idle.add_incoming(builder.add(idle, ir.Constant(I64, 1)), builder.block)
    builder.branch(work)
    builder.position_at_end(end)
    builder.ret_void()


# What the crew's functions are compiled from, as other codes are.
CODES: list[tuple[str, Callable[[], str]]] = [
    ("sequence", lambda: _text(_sequence)),
    ("share", lambda: _text(_share)),
    ("work", lambda: _text(_work)),
]

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=present_crew.cache_clear)  # its threads stay with the parent
