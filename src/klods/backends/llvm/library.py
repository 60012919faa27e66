"""Compiled kernels: LLVM's language to machine code in memory, kept for all plans that need the same loops."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import binding as llvm, ir

Entry = Callable[[int], None]
NAME = "kernel"  # of the function in each kernel's text

_Signature = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_entries: dict[str, Entry] = {}
_engines: list[Any] = []  # machine code lives as long as its engine


def entries(texts: Sequence[str]) -> list[Entry]:
    """Return kernels, given in LLVM's language, as calls of one argument, the address of a table.

    Kernels that some plan has needed before are not compiled again; the others are compiled together.
    """
    new = list(dict.fromkeys(text for text in texts if text not in _entries))
    if new:
        _compile(new)
    return [_entries[text] for text in texts]


def optimised(texts: Sequence[str]) -> Any:
    """Return one module of these kernels, checked and optimised, loops vectorised; kernel i is named `kernel.i`."""
    modules = [llvm.parse_assembly(text.replace(f'@"{NAME}', f'@"{NAME}.{i}')) for i, text in enumerate(texts)]
    whole = modules[0]
    for module in modules[1:]:
        whole.link_in(module)
    whole.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    builder = llvm.create_pass_builder(target(), options)
    builder.getModulePassManager().run(whole, builder)
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
    found = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return found.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True)


def _compile(texts: Sequence[str]) -> None:
    engine = llvm.create_mcjit_compiler(optimised(texts), target())
    engine.finalize_object()
    _engines.append(engine)
    for i, text in enumerate(texts):
        _entries[text] = _Signature(engine.get_function_address(f"{NAME}.{i}"))
