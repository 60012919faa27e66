"""Builds the documentation: `make docs`, or `python docs/build.py` where the extra `docs` is installed.

The pages of this folder, the companion's sections and the pages that are worked out from the code are laid together
in build/docs/source; Sphinx executes their code and writes the site to build/docs/html. A warning fails the build,
and so does a page that needs the network to be read.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import page_of_blocks
import pages_of_names
from sphinx.cmd.build import main as sphinx

from klods.companion import sections

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BUILD = ROOT / "build" / "docs"
FETCHED = re.compile(r"""<(?:script|img|iframe|link|source)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//""")
BENCHMARKS = """# Benchmarks

klods beside Keras on JAX, on TensorFlow and on torch, by `python benchmarks/compare.py` of the repository, which
makes an environment for each peer and runs the jobs in turn as whole processes. These are the tables of its last run;
the last of them says where klods falls short of what it set out to reach.

"""


def main() -> int:
    """Build the site; return 0 if all went well."""
    source = BUILD / "source"
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in generated().items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    html = BUILD / "html"
    strict = ["-W", "--keep-going", "-q", "-j", "auto"]
    failed = sphinx([*strict, "-b", "html", "-d", str(BUILD / "doctrees"), str(source), str(html)])
    foreign = [page for page in html.rglob("*.html") if FETCHED.search(page.read_text(encoding="utf-8"))]
    for page in foreign:
        print(f"{page} fetches something from elsewhere.", file=sys.stderr)
    return failed or int(bool(foreign))


def generated() -> dict[str, str]:
    """Return the pages that are not written by hand, by file name."""
    companion = {f"companion/{section.name}.py": section.source for section in sections()}
    return companion | pages_of_names.pages() | {"blocks.md": page_of_blocks.page(), "benchmarks.md": benchmarks()}


def benchmarks() -> str:
    """Return the tables of the last measurement, as the program that measures prints them."""
    last = max((ROOT / "benchmarks" / "results").glob("*.json"))
    command = [sys.executable, str(ROOT / "benchmarks" / "compare.py"), "--print", str(last)]
    return BENCHMARKS + subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


if __name__ == "__main__":
    sys.exit(main())
