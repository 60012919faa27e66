"""Machine code for older processors than the one at hand, which still understands it."""

from __future__ import annotations

import platform

import pytest

PROCESSORS = {"this": None, "AVX2": ("x86-64-v3", 16), "SSE2": ("x86-64", 8)}


@pytest.fixture(params=PROCESSORS)
def processor(request, monkeypatch):
    """Machine code for this processor, or for an older one that it still understands."""
    library = pytest.importorskip("klods.native.library")
    if request.param == "this":
        return
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("for other processors")
    name, lanes = PROCESSORS[request.param]
    library.target()
    older = library.llvm.Target.from_default_triple().create_target_machine(cpu=name, opt=2, jit=True)
    monkeypatch.setattr(library, "target", lambda: older)
    monkeypatch.setattr(library, "lanes", lambda: lanes)
    monkeypatch.setattr("klods.backends.llvm.codes.lanes", lambda: lanes)
    monkeypatch.setattr(library, "_addresses", {})
