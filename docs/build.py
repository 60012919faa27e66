"""Builds the documentation: `make docs`, or `python docs/build.py` where the extra `docs` is installed.

The pages of this folder, the companion's sections and the pages that are generated are laid together in
build/docs/source; Sphinx executes their code and writes the site to build/docs/html. A warning fails the build.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from generated import pages
from sphinx.cmd.build import main as sphinx

from klods.companion import sections

DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build" / "docs"


def main() -> int:
    """Build the site; return 0 if all went well."""
    source = BUILD / "source"
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("__pycache__"))
    for section in sections():
        write(source / "companion" / f"{section.name}.py", section.source)
    for name, text in pages().items():
        write(source / name, text)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    return sphinx(["-E", "-W", "--keep-going", "-q", "-j", "auto", "-b", "html", str(source), str(BUILD / "html")])


def write(path: Path, text: str) -> None:
    """Write a page, in a folder that is made if it isn't there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
