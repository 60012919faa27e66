"""One job: what klods costs beside its work. Prints one JSON line.

import_ms: `import klods` after `import numpy`; import_keras_ms: `import klods.keras` after that; third_party: packages
that `import klods.keras` loads besides NumPy; leaked_mb: memory that a thousand predictions and a hundred models built,
trained for a step and dropped leave behind.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path

import numpy


def main() -> None:
    import_ms = import_time("klods")
    import_keras_ms = import_time("klods.keras")
    third_party = sorted(loaded())
    figures = {"import_ms": import_ms, "import_keras_ms": import_keras_ms, "leaked_mb": leak()}
    print(json.dumps({**figures, "third_party": third_party}))


def import_time(name: str) -> float:
    began = time.perf_counter()
    importlib.import_module(name)
    return 1e3 * (time.perf_counter() - began)


def loaded() -> set[str]:
    """Return the third-party packages that are loaded."""
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    names = {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
    return {name for name in names if not name.startswith("_")} - {"numpy", "klods"}


def leak() -> float:
    keras = importlib.import_module("klods.keras")
    x, y = numpy.random.rand(64, 784).astype("float32"), numpy.zeros(64, "int32")

    def model():
        made = keras.Sequential(
            [keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")]
        )
        made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        made.fit(x, y, verbose=0)
        return made

    kept = model()
    for _ in range(20):
        kept.predict(x, verbose=0)
        model()
    before = memory_mb()
    for _ in range(1000):
        kept.predict(x, verbose=0)
    for _ in range(100):
        model()
    return memory_mb() - before


def memory_mb() -> float:
    """Return the memory in use now, from the operating system; its peak where only that is known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
