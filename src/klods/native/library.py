"""Compiled kernels: LLVM's language to machine code in memory, kept for all plans that need the same loops."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any

from llvmlite import binding as llvm, ir

Entry = Callable[[int], None]
NAME = "kernel"  # of the function in each kernel's text

_addresses: dict[Hashable, int] = {}
_engines: list[Any] = []  # machine code lives as long as its engine


def addresses(codes: Sequence[tuple[Hashable, Callable[[], str]]]) -> list[int]:
    """Return the addresses of machine code, each given by a pattern and what writes it in LLVM's language.

    It is a function of one argument, the address of a table. A pattern that some plan has needed before is not compiled
    again; the others are compiled together.
    """
    new = {pattern: text for pattern, text in reversed(codes) if pattern not in _addresses}
    if new:
        _compile({pattern: text() for pattern, text in new.items()})
    return [_addresses[pattern] for pattern, _ in codes]


@cache
def callable_at(address: int) -> Entry:
    """Return the function at an address, to call from Python."""
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)


def optimised(texts: Sequence[str]) -> Any:
    """Return one module of these kernels, checked, sums and rows in registers; kernel i is named `kernel.i`.

    Kernels are written for vectors as they stand: further passes take time, and make no instruction fewer of them.
    """
    modules = [llvm.parse_assembly(text.replace(f'@"{NAME}', f'@"{NAME}.{i}')) for i, text in enumerate(texts)]
    whole = modules[0]
    for module in modules[1:]:
        whole.link_in(module)
    whole.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.run(whole, llvm.create_pass_builder(target(), llvm.create_pipeline_tuning_options()))
    return whole


def new_module() -> ir.Module:
    """Return an empty module for the processor at hand."""
    module = ir.Module("klods")
    module.triple = llvm.get_default_triple()
    return module


@cache
def target() -> Any:
    """Return the processor at hand as LLVM's target."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    found = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return found.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=2, jit=True)


@cache
def lanes() -> int:
    """Return how many numbers kernels take at a time: the float32 of two registers of the processor at hand."""
    has = llvm.get_host_cpu_features()
    return 32 if has.get("avx512f") else 16 if has.get("avx") else 8


@cache
def fuses() -> bool:
    """Tell whether the processor at hand multiplies and adds in one instruction."""
    return bool(llvm.get_host_cpu_features().get("fma"))


def _compile(texts: dict[Hashable, str]) -> None:
    engine = _kept(optimised([*texts.values()]))
    for i, pattern in enumerate(texts):
        _addresses[pattern] = engine.get_function_address(f"{NAME}.{i}")


def _kept(module: Any) -> Any:
    engine = llvm.create_mcjit_compiler(module, target())
    engine.finalize_object()
    _engines.append(engine)
    return engine
