"""A crew of threads that share a step's large matrix products and loops.

OpenBLAS has threads of its own, which wait for each other in busy loops: where anything else wants a processor, its
products take ten times as long. Here a job is a list of parts, fixed when the plan is made, and whoever is free takes
the next one, so that the thread that asks never waits for one that doesn't run before it has begun. Which thread does a
part makes no difference to its numbers.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from functools import cache

import numpy as np
from llvmlite import binding as llvm, ir

from klods.backends.llvm.blas import numpy_blas
from klods.backends.llvm.library import loaded, new_module

I1, I32, I64, VOID, FLOAT = ir.IntType(1), ir.IntType(32), ir.IntType(64), ir.VoidType(), ir.FloatType()
# Words of the table that the threads share, a cache line apart: the number of jobs begun above the parts of the present
# one that nobody has taken; the parts that helpers have done; then the job's address and the addresses of functions.
TICKET, DONE, JOB, GIVE_WAY, SET_THREADS, GET_THREADS = 0, 16, 32, 33, 34, 35
SPINS, PATIENCE = 2000, 4000  # looks for work before giving way to others, and before going to sleep
ROW_MAJOR, PLAIN, TURNED = 101, 111, 112  # cblas.h

Part = tuple[int, int]  # the address of a function of one argument, and of the table that it works on


class Crew:
    """The threads, beside the one that asks, and what they share."""

    def __init__(self) -> None:
        found = numpy_blas()
        assert found is not None
        self.size = found.threads
        self.code = native()
        self.words = np.zeros(64, np.int64)
        self.words[[GIVE_WAY, SET_THREADS, GET_THREADS]] = _give_way(), found.set_threads, found.get_threads
        self.address = self.words.ctypes.data
        self.asleep: deque[threading.Semaphore] = deque()
        for _ in range(self.size - 1):
            threading.Thread(target=self._help, name="klods", daemon=True).start()

    def run(self, job: int) -> None:
        """Run a job, given by its address."""
        while self.asleep:
            self.asleep.popleft().release()
        self.code.share(self.address, job)

    def _help(self) -> None:
        wake = threading.Semaphore(0)
        while True:
            self.asleep.append(wake)
            wake.acquire()
            self.code.work(self.address)


@cache
def present_crew() -> Crew:
    """Return the crew of this process."""
    return Crew()


def job_of(parts: Sequence[Part]) -> np.ndarray:
    """Return a job: the number of its parts, then each part's function and table."""
    return np.array([len(parts), *(word for part in parts for word in part)], np.int64)


class Native:
    """The crew's machine code.

    Attributes:
        share: begins a job and returns when it is done.
        work: takes part in jobs until there have been none for a while.
        multiply: the address of the function whose table is a matrix product's.
    """

    def __init__(self) -> None:
        engine = loaded(_written())
        self.share = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(engine.get_function_address("share"))
        self.work = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("work"))
        self.multiply: int = engine.get_function_address("multiply")


@cache
def native() -> Native:
    """Return the crew's machine code."""
    return Native()


def _give_way() -> int:
    """Return the address of the system's function that lets other threads run."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _written() -> str:
    """Return the crew's functions in LLVM's language."""
    module = new_module()
    _multiply(module)
    take = _take(module)
    _work(module, take)
    _share(module, take)
    return str(module)


def _function(module: ir.Module, name: str, returns: ir.Type, count: int) -> tuple[ir.Function, ir.IRBuilder]:
    function = ir.Function(module, ir.FunctionType(returns, [I64.as_pointer()] * count), name)
    return function, ir.IRBuilder(function.append_basic_block("entry"))


def _word(builder: ir.IRBuilder, table: ir.Value, index: int | ir.Value) -> ir.Value:
    place = ir.Constant(I64, index) if isinstance(index, int) else index
    return builder.gep(table, [place])


def _called(builder: ir.IRBuilder, address: ir.Value, returns: ir.Type, *arguments: ir.Value) -> ir.Value:
    kind = ir.FunctionType(returns, [x.type for x in arguments]).as_pointer()
    return builder.call(builder.inttoptr(address, kind), arguments)


def _multiply(module: ir.Module) -> None:
    """Write c = a b: the table holds a, b, c, cblas_sgemm's address, whether a and b are turned, sizes and strides."""
    function, builder = _function(module, "multiply", VOID, 1)
    words = [builder.load(_word(builder, function.args[0], i)) for i in range(12)]
    a, b, c, product, turn_a, turn_b, m, n, k, lda, ldb, ldc = words
    pointer = FLOAT.as_pointer()
    a, b, c = (builder.inttoptr(x, pointer) for x in (a, b, c))
    turns = [builder.trunc(turn, I32) for turn in (turn_a, turn_b)]
    one, zero = ir.Constant(FLOAT, 1.0), ir.Constant(FLOAT, 0.0)
    order = ir.Constant(I32, ROW_MAJOR)
    _called(builder, product, VOID, order, *turns, m, n, k, one, a, lda, b, ldb, zero, c, ldc)
    builder.ret_void()


def _do_part(builder: ir.IRBuilder, job: ir.Value, number: ir.Value) -> None:
    """Write the call of a part's function on its table; parts are numbered from 0."""
    place = builder.add(builder.mul(number, ir.Constant(I64, 2)), ir.Constant(I64, 1))
    function, table = (builder.load(_word(builder, job, builder.add(place, ir.Constant(I64, i)))) for i in (0, 1))
    _called(builder, function, VOID, builder.inttoptr(table, I64.as_pointer()))


def _take(module: ir.Module) -> ir.Function:
    """Write what does one part of the present job, and tells whether there was one."""
    function, builder = _function(module, "take", I1, 1)
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


def _work(module: ir.Module, take: ir.Function) -> None:
    """Write the loop of a thread that helps."""
    function, builder = _function(module, "work", VOID, 1)
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


def _share(module: ir.Module, take: ir.Function) -> None:
    """Write what begins a job, does its first part, and helps until all is done, OpenBLAS on one thread meanwhile."""
    function, builder = _function(module, "share", VOID, 2)
    shared, job = function.args
    threads = _called(builder, builder.load(_word(builder, shared, GET_THREADS)), I32)
    _called(builder, builder.load(_word(builder, shared, SET_THREADS)), VOID, ir.Constant(I32, 1))
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
    _called(builder, builder.load(_word(builder, shared, SET_THREADS)), VOID, threads)
    builder.ret_void()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=present_crew.cache_clear)  # its threads stay with the parent
