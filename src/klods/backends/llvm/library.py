"""Compiled kernels: LLVM's language to machine code in memory, kept for all plans that need the same loops."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any

from llvmlite import binding as llvm, ir

Entry = Callable[[int], None]
NAME = "kernel"  # of the function in each kernel's text

_Signature = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_entries: dict[Hashable, Entry] = {}
_engines: list[Any] = []  # machine code lives as long as its engine


def entries(kernels: Sequence[tuple[Hashable, Callable[[], str]]]) -> list[Entry]:
    """Return kernels, each given by a pattern and what writes it in LLVM's language, as calls of one argument.

    The argument is the address of a table. A pattern that some plan has needed before is not compiled again; the others
    are compiled together.
    """
    new = {pattern: text for pattern, text in reversed(kernels) if pattern not in _entries}
    if new:
        _compile({pattern: text() for pattern, text in new.items()})
    return [_entries[pattern] for pattern, _ in kernels]


def address_of(entry: Entry) -> int:
    """Return the address of a kernel's machine code."""
    return ctypes.cast(entry, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


def optimised(texts: Sequence[str]) -> Any:
    """Return one module of these kernels, checked and tidied up; kernel i is named `kernel.i`.

    Kernels are written for vectors as they stand, so a few passes do, which take a tenth of the time of all.
    """
    modules = [llvm.parse_assembly(text.replace(f'@"{NAME}', f'@"{NAME}.{i}')) for i, text in enumerate(texts)]
    whole = modules[0]
    for module in modules[1:]:
        whole.link_in(module)
    whole.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    passes.run(whole, llvm.create_pass_builder(target(), llvm.create_pipeline_tuning_options()))
    return whole


def loaded(text: str) -> Any:
    """Return the engine that holds the machine code of a module in LLVM's language."""
    module = llvm.parse_assembly(text)
    module.verify()
    return _kept(module)


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


def _compile(texts: dict[Hashable, str]) -> None:
    engine = _kept(optimised([*texts.values()]))
    for i, pattern in enumerate(texts):
        _entries[pattern] = _Signature(engine.get_function_address(f"{NAME}.{i}"))


def _kept(module: Any) -> Any:
    engine = llvm.create_mcjit_compiler(module, target())
    engine.finalize_object()
    _engines.append(engine)
    return engine
