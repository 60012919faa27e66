"""The machine code of a kernel: in LLVM's language, before and after optimisation, and as assembly."""

from __future__ import annotations

from importlib.util import find_spec

from klods.errors import StateError
from klods.passes.kernel import Kernel
from klods.passes.plan import Call


def ir(number: int, call: Call, optimised: bool) -> str:
    """Return a kernel in LLVM's language.

    Raises:
        StateError: for a block that isn't compiled, or without llvmlite.
    """
    text = _written(number, call)
    if not optimised:
        return f"; Kernel {number} as klods emits it, before optimisation.\n{text}"
    from klods.native import library

    return f"; Kernel {number} after optimisation for {library.target().triple}.\n{library.optimised([text])}"


def assembly(number: int, call: Call) -> str:
    """Return a kernel as assembly for the processor at hand; see `ir` for errors."""
    text = _written(number, call)
    from llvmlite import binding

    from klods.native import library

    head = f"# Kernel {number} as assembly for this processor, {binding.get_host_cpu_name()}."
    return f"{head}\n{library.target().emit_assembly(library.optimised([text]))}"


def is_compiled(call: Call) -> bool:
    """Tell whether klods has machine code for a call."""
    if find_spec("llvmlite") is None:
        return False
    from klods.backends.llvm.codes import code_of

    return code_of(call) is not None


def _written(number: int, call: Call) -> str:
    if find_spec("llvmlite") is None:
        raise StateError("Machine code needs llvmlite, which is not installed here.", "pip install llvmlite")
    from klods.backends.llvm.codes import code_of

    code = code_of(call)
    if code is None:
        name = "of float16 or unfit numbers" if isinstance(call.item, Kernel) else f"the block {call.item.block}"
        raise StateError(
            f"Kernel {number} is {name}, which klods doesn't compile: a library runs it.",
            "choose a kernel that runs in machine code.",
        )
    return code.text()
