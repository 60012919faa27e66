"""One job: the versions of what an environment holds. Prints one JSON line."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("numpy", "klods", "llvmlite", "keras", "jax", "tensorflow", "torch")


def main() -> None:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    print(json.dumps(found))


if __name__ == "__main__":
    main()
